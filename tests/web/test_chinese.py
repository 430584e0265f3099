"""What the server says stands in Chinese in a Chinese page, wherever it is shown."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.serving import ROOT
from tests.web.conftest import PATIENCE, until
from tests.web.gestures import open_text

pytestmark = pytest.mark.heavy

WRONG = """name: 有错误
nodes:
  checkpoint: {node: CheckpointLoaderSimple, ckpt_name: tiny-emojo}
  words: {node: CLIPTextEncode, clip: $checkpoint.CLIP, text: a rocket}
  canvas: {node: EmptyLatentImage, width: 8, height: 128}
  sampler: {node: KSampler, model: $checkpoint.MODEL, positive: $words, negative: $wrods,
            latent_image: $canvas, seed: 1, steps: many, cfg: 3.0, sampler_name: eulr,
            scheduler: karras}
  blur: {node: ImageBluur, image: $sampler}
  image: {node: VAEDecode, samples: $canvas, vae: $sampler}
  show: {node: PreviewImage, images: $image}
layout:
  nodes:
    checkpoint: {x: 0, y: 0}
    words: {x: 320, y: 0}
    canvas: {x: 0, y: 300}
    sampler: {x: 640, y: 0}
    blur: {x: 320, y: 350}
    image: {x: 1000, y: 0}
    show: {x: 1000, y: 300}
"""
FAILS = """name: 会失败
nodes:
  canvas: {node: EmptyLatentImage, width: 64, height: 64}
  words: {node: PrimitiveString, value: %s}
  seeds: {node: SetLatentBatchSeeds, samples: $canvas, seeds: $words}
  save: {node: SaveLatent, samples: $seeds}
layout:
  nodes: {canvas: {x: 0, y: 0}, words: {x: 0, y: 300}, seeds: {x: 320, y: 0}, save: {x: 640, y: 0}}
"""
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:,? [a-z]{2,}){2,}")
"""Three English words in a row. Names of types, files and choices stay as they are."""


@pytest.fixture
def locale() -> str:
    return "zh-CN"


def text_of(page: Any, selector: str) -> str:
    """The text of all elements; in the first moment it may be the server's own."""
    return "\n".join(page.locator(selector).all_inner_texts())


def told(page: Any, selector: str) -> str:
    """The text of all elements, once there is some without an English sentence."""
    end = time.monotonic() + PATIENCE
    while not (text := text_of(page, selector)) or ENGLISH.search(text):
        assert time.monotonic() < end, text
        page.wait_for_timeout(50)
    return text


def test_problems_say_what_is_wrong_in_chinese_and_follow_the_language(page: Any) -> None:
    open_text(page, WRONG)
    page.get_by_role("button", name=re.compile(r"^\d+ 个问题$")).wait_for()
    page.wait_for_selector(".node-problems")
    text = told(page, ".node-problems")
    for sentence in (
        "检查点名称: “tiny-emojo”不存在", "你是否想用 tiny-emoji",
        "未知的节点类型“ImageBluur”", "宽度: 8 超出范围", "应为：16 到 16384 的整数",
        "步数: 'many' 不是整数", "采样器名称: 'eulr' 不在可选项之中",
        "反向: 没有节点“wrods”", "VAE: $sampler 是 LATENT，但该输入接受 VAE",
    ):  # fmt: skip
        assert sentence in text
    page.keyboard.press("Control+,")
    page.get_by_role("button", name="English").click()
    page.keyboard.press("Escape")
    page.wait_for_selector(".node-problems:has-text(\"ckpt_name: 'tiny-emojo' is not there\")")
    english = text_of(page, ".node-problems")
    assert not re.search("[\u4e00-\u9fff]", english)


def test_a_node_that_fails_says_why_in_chinese(page: Any) -> None:
    open_text(page, FAILS % '"none here"')
    page.keyboard.press("Control+Enter")
    for node, words in (
        ("seeds", "'none here' 中没有种子：应为整数，例如 1, 2, 3"),
        ("save", "已跳过：上游的“seeds”失败"),
    ):
        expect(page.locator(f'[data-id="{node}"] .verdict')).to_have_text(words)
    page.keyboard.press("h")
    page.wait_for_selector(".run .wrong")
    assert "'none here' 中没有种子" in told(page, ".run .wrong")


def test_why_nodes_run_and_what_is_reused_is_told_in_chinese(page: Any) -> None:
    open_text(page, FAILS % '"5"')
    page.keyboard.press("Control+Enter")
    expect(page.locator('[data-id="save"] .verdict.ran')).to_contain_text("已运行：从未计算过")
    page.keyboard.press("Control+Enter")
    expect(page.locator('[data-id="save"] .verdict.cached')).to_contain_text(
        re.compile(r"已复用：输入相同，在(内存中|磁盘上)，\d+ s 前")
    )


def test_refusals_of_the_server_are_told_in_chinese(page: Any) -> None:
    page.keyboard.press("Control+Shift+s")
    page.get_by_role("textbox", name="保存", exact=True).fill(".hidden.yaml")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast:has-text('工作流的路径须为相对路径，并以 .yaml 或 .json 结尾')")
    page.keyboard.press("Escape")
    refused = page.evaluate_handle(
        """() => {
            const drop = new DataTransfer();
            drop.items.add(new File(["nodes: [1, 2"], "no.yaml", {type: "application/yaml"}));
            return drop;
        }"""
    )
    page.dispatch_event(".app", "drop", {"dataTransfer": refused})
    toast = page.wait_for_selector(".toast:has-text('YAML 无效')")
    assert not ENGLISH.search(toast.text_content())


def test_the_text_panel_says_in_chinese_what_is_no_yaml(page: Any) -> None:
    page.keyboard.press("y")
    page.get_by_role("textbox", name="文本", exact=True).fill("nodes: {a: [1, 2\nb: 3")
    said = "第 2 行：块式集合中的流式序列必须有足够的缩进，并以 ] 结束"
    expect(page.locator(".panel .wrong")).to_have_text(said)


def test_the_first_load_has_no_chinese_in_it(page: Any) -> None:
    """An English page never asks for the catalogue; a Chinese one has it in a file of its own."""
    until(page, "performance.getEntriesByType('resource').some(r => /messages.zh/.test(r.name))")
    assets = ROOT / "web" / "dist" / "assets"
    (main,) = assets.glob("index-*.js")
    assert "没有节点类型" not in main.read_text(encoding="utf-8")
