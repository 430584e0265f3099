"""All of them, bare and under `/api`."""

from nodeflow.server.comfyui import files, history, info, prompt, queue, socket
from nodeflow.server.http.route import Route

BARE = [
    Route("GET", "/prompt", prompt.exec_info),
    Route("POST", "/prompt", prompt.post),
    Route("GET", "/queue", queue.queue),
    Route("POST", "/queue", queue.change),
    Route("POST", "/interrupt", queue.interrupt),
    Route("POST", "/free", queue.free),
    Route("GET", "/history", history.history),
    Route("POST", "/history", history.change),
    Route("GET", "/history/{id}", history.one),
    Route("GET", "/ws", socket.connect),
    Route("GET", "/features", socket.features),
    Route("GET", "/object_info", info.object_info),
    Route("GET", "/object_info/{id}", info.one_object_info),
    Route("GET", "/system_stats", info.system_stats),
    Route("GET", "/models", info.kinds),
    Route("GET", "/models/{kind}", info.models),
    Route("GET", "/embeddings", info.embeddings),
    Route("GET", "/view_metadata/{kind}", info.view_metadata),
    Route("GET", "/extensions", info.empty_list),
    Route("GET", "/workflow_templates", info.empty_map),
    Route("GET", "/i18n", info.empty_map),
    Route("GET", "/node_replacements", info.empty_map),
    Route("GET", "/global_subgraphs", info.empty_map),
    Route("GET", "/global_subgraphs/{id}", info.missing),
    Route("GET", "/view", files.view),
    Route("POST", "/upload/image", files.upload_image),
    Route("POST", "/upload/mask", files.upload_mask),
]
ROUTES = [route for bare in BARE for route in (bare, bare.under("/api"))]
