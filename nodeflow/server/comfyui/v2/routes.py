"""All of them."""

from nodeflow.server.comfyui.v2 import assets, events, jobs
from nodeflow.server.comfyui.v2.fault import enveloped
from nodeflow.server.http.route import Route

ROUTES = [
    Route("POST", "/api/v2/jobs", enveloped(jobs.post)),
    Route("GET", "/api/v2/jobs", enveloped(jobs.jobs)),
    Route("GET", "/api/v2/jobs/{id}", enveloped(jobs.one)),
    Route("GET", "/api/v2/jobs/{id}/workflow", enveloped(jobs.workflow)),
    Route("GET", "/api/v2/jobs/{id}/events", enveloped(events.events)),
    Route("POST", "/api/v2/jobs/{id}/cancel", enveloped(jobs.cancel)),
    Route("POST", "/api/v2/assets", enveloped(assets.upload)),
    Route("POST", "/api/v2/assets/from-hash", enveloped(assets.from_hash)),
    Route("GET", "/api/v2/assets/by-hash/{hash}", enveloped(assets.from_hash)),
    Route("GET", "/api/v2/assets/{id}", enveloped(assets.one)),
    Route("GET", "/api/v2/assets/{id}/content", enveloped(assets.content)),
    Route("DELETE", "/api/v2/assets/{id}", enveloped(assets.delete), status=204),
]
