import { describe, expect, test } from "vitest";
import { translator } from "@/language/messages";
import messages from "@/language/messages.zh.json";

const small = translator({
  one: {
    "there is no model '{0}'": "没有模型“{0}”",
    "{0}; did you mean {1}?": "{0}；你是否想用 {1}？",
    "{0} or {1}": "{0} 或 {1}",
    "{0}: {1}": "{0}：{1}",
    "{0} is not {1}": "{0} 不是{1}",
    "{0} is not text": "{0} 不是文本",
    "a whole number": "整数",
    "{0} from {1} to {2}": "{1} 到 {2} 的{0}",
    "{0} is new": "{0} 是新增的",
  },
});

describe("a template", () => {
  test("gives its slots to the other sentence, in its order", () => {
    expect(small("there is no model 'a b'")).toBe("没有模型“a b”");
    expect(small("a whole number from 1 to 20")).toBe("1 到 20 的整数");
  });

  test("holds other templates, where a slot is no name in quotes", () => {
    expect(small("there is no model 'x'; did you mean 'y' or 'z' or 'a b'?")).toBe(
      "没有模型“x”；你是否想用 'y' 或 'z' 或 'a b'？",
    );
    expect(small("there is no model 'a whole number'")).toBe("没有模型“a whole number”");
  });

  test("with more words comes first", () => {
    expect(small("5 is not text")).toBe("5 不是文本");
    expect(small("five is not a whole number")).toBe("five 不是整数");
  });

  test("of glue alone needs something it joins", () => {
    expect(small("steps: 5 is not text")).toBe("steps：5 不是文本");
    expect(small("ratio: 3")).toBe("ratio: 3");
    expect(small("steps is new")).toBe("steps 是新增的");
    expect(small("give me this or give me that")).toBe("give me this or give me that");
  });
});

test("what is not known stays, line by line", () => {
  expect(small("mat1 and mat2 shapes cannot be multiplied")).toBe(
    "mat1 and mat2 shapes cannot be multiplied",
  );
  expect(small("CUDA error\n  there is no model 'x'\n")).toBe("CUDA error\n  没有模型“x”\n");
  expect(small("")).toBe("");
  expect(small("toString")).toBe("toString");
  const trace = "there is no model 'x'\n".repeat(500);
  expect(small(trace)).toBe(trace);
});

const chinese = translator(messages);

test("every template of the catalogue is found, and none hides another", () => {
  for (const [english, told] of Object.entries({ ...messages.nodeflow, ...messages.others })) {
    const fill = (text: string) => text.replace(/\{(\d+)\}/g, (_, number) => `Qx${number}`);
    if (/^[^a-z]*$/i.test(english.replace(/\{\d+\}/g, ""))) continue;
    expect(chinese(fill(english))).toBe(fill(told));
  }
});

test.each([
  ["'tiny.safetensors' is not there", "“tiny.safetensors”不存在"],
  ["a file in models/checkpoints", "models/checkpoints 中的文件"],
  ["500 is out of range", "500 超出范围"],
  ["a whole number from 1 to 10000", "1 到 10000 的整数"],
  ["'abc' is not a finite number", "'abc' 不是有限的数字"],
  ["'mask' (LoadImage) has no output 'mesk'", "“mask”（LoadImage）没有输出“mesk”"],
  ["the links run in a circle: 'a' needs 'b' needs 'a'", "连线成环：'a' 依赖 'b' 依赖 'a'"],
  ["the input is missing: 'loader' is muted", "缺少输入：“loader”已禁用"],
  ["same inputs, on disk, 3 d old", "输入相同，在磁盘上，3 d 前"],
  [
    "what it depends on changed, but gave the same bytes, in memory, 4 s old",
    "其依赖已更改，但得到了相同的字节，在内存中，4 s 前",
  ],
  [
    "seed changed from 1 to 2; 4 of 20 model calls from recordings",
    "seed 从 1 改为 2；20 次模型调用中有 4 次取自记录",
  ],
  [
    "its worker died again in node 'sampler' (KSampler): it was killed (SIGKILL, perhaps out of memory: it held 3.1 GB)",
    "其工作进程再次终止，当时在节点“sampler”（KSampler）：它被终止（SIGKILL，可能是内存不足：当时占用 3.1 GB）",
  ],
  [
    "'x.safetensors' cannot be used: it is no LoRA or relative of one (it holds 'a.b' …)",
    "无法使用“x.safetensors”：它不是 LoRA，也不是同类适配器（其中含有“a.b”…）",
  ],
  ["cannot be read: Permission denied", "无法读取：权限不够"],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/a b'",
    "FileNotFoundError：[Errno 2] 没有那个文件或目录：“/a b”",
  ],
  [
    "there is no node type 'KSampeler'; did you mean 'KSampler' or 'KSamplerAdvanced'?",
    "没有节点类型“KSampeler”；你是否想用 'KSampler' 或 'KSamplerAdvanced'？",
  ],
  [
    "not enough memory (std::bad_alloc), also after caches and models were let go; still held: a 3 MB, b 2 MB",
    "内存不足（std::bad_alloc），释放缓存和模型后仍然不足；仍占用：a 3 MB, b 2 MB",
  ],
  [
    "it has no VAE and no text encoder: it holds no tensors",
    "它没有 VAE，也没有文本编码器：其中没有张量",
  ],
  [
    'not valid YAML: unacceptable character #x0001: control characters are not allowed\n  in "<unicode string>", position 8',
    "YAML 无效：不允许的字符 #x0001：不能使用控制字符\n  位于第 8 个字符处",
  ],
  [
    'text changed from "cat from here to there" to "dog or cat"',
    'text 从 "cat from here to there" 改为 "dog or cat"',
  ],
  ["'a from b to c' is not a whole number", "'a from b to c' 不是整数"],
  ['text changed from "go \\"up\\" to it" to "…"', 'text 从 "go \\"up\\" to it" 改为 "…"'],
  ["'cut off to nowh… is not text", "'cut off to nowh… 不是文本"],
  [
    "'x' cannot be used: 'a.b' has the shape [3], expected [4]",
    "无法使用“x”：“a.b”的形状为 [3]，应为 [4]",
  ],
  [
    "the plugin 'p' that has 'X' cannot be loaded: node 'a', parameter 'b': <class 'dict'> is no port type; use int, float, str, bool, Literal[...] or a type from nodeflow.values",
    "提供“X”的插件“p”无法加载：节点“a”的参数“b”：<class 'dict'> 不是端口类型；请使用 int、float、str、bool、Literal[...] 或 nodeflow.values 中的类型",
  ],
  ["this is IMAGE, but the input takes LATENT", "此处是 IMAGE，但该输入接受 LATENT"],
  [
    "ImportError: cannot import name 'x' from 'y' (/z.py)",
    "ImportError：无法从 'y' 导入名称 'x'（/z.py）",
  ],
  ["photo.heic: it is no picture", "photo.heic：它不是图片"],
])("%s", (said, told) => {
  expect(chinese(said)).toBe(told);
});

test("a list of a thousand is told at once", () => {
  const said = Array.from({ length: 1000 }, (_, index) => `'file ${index}.png' is not there`);
  const start = performance.now();
  expect(said.map(chinese).at(-1)).toBe("“file 999.png”不存在");
  expect(performance.now() - start).toBeLessThan(1500);
});

test("a long text that glue could part anywhere takes no time", () => {
  const said = "a: b; c and d or e is new ".repeat(150);
  const start = performance.now();
  expect(chinese(said).length).toBeGreaterThan(0);
  expect(performance.now() - start).toBeLessThan(3000);
});
