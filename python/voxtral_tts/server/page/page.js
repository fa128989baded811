import { Player } from "./player.js";
import { Waveform } from "./waveform.js";

const element = (id) => document.getElementById(id);
const SHORTCUT = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

let rate = 24000;
let limit = Infinity; // characters
let speech = null; // what is being made: { controller, request, ... }
let last = null; // what was made completely: { request, samples }
let player = null;
let waveform = new Waveform(element("waveform"), rate);

async function call(path, options = {}) {
  const headers = { ...options.headers };
  const key = element("key").value;
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const error = new Error(body?.error?.message ?? `the server answered ${response.status}`);
  error.status = response.status;
  error.retryAfter = response.headers.get("Retry-After");
  throw error;
}

function post(request, signal) {
  return call("v1/audio/speech", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
    signal,
  });
}

// The events of a stream, as objects.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
    }
  }
}

function samplesOf(base64, rest) {
  const bytes = Uint8Array.from(rest + atob(base64), (char) => char.charCodeAt(0));
  const count = bytes.length >> 1;
  const view = new DataView(bytes.buffer);
  const samples = Float32Array.from({ length: count }, (_, i) => view.getInt16(2 * i, true) / 32768);
  return [samples, bytes.length % 2 ? String.fromCharCode(bytes.at(-1)) : ""];
}

function request() {
  const wanted = {
    input: element("text").value,
    voice: element("voice").value,
    seed: Number(element("seed").value),
    temperature: Number(element("temperature").value),
    normalize: element("normalize").checked,
  };
  if (element("language").value) wanted.language = element("language").value;
  if (element("frames").value) wanted.max_new_tokens = Number(element("frames").value);
  if (element("guidance").value) wanted.cfg_alpha = Number(element("guidance").value);
  return wanted;
}

async function speak() {
  if (!element("form").reportValidity()) return;
  stop();
  const mine = { controller: new AbortController(), request: request(), samples: [], rest: "" };
  speech = mine;
  last = null;
  player = new Player(rate);
  player.start();
  waveform = new Waveform(element("waveform"), rate);
  for (const id of ["ttfa-page", "ttfa-server", "rtf", "length", "segments"]) show(id, "–");
  showError(null);
  showButtons();
  setState("busy", "waiting");
  mine.started = performance.now();
  performance.clearMarks();
  requestAnimationFrame(draw);
  try {
    const body = { ...mine.request, response_format: "pcm", stream_format: "sse" };
    const response = await post(body, mine.controller.signal);
    for await (const event of events(response)) {
      if (speech !== mine) return;
      receive(mine, event);
    }
    if (!mine.isDone) throw new Error("the connection ended before the speech did");
  } catch (error) {
    if (speech !== mine) return;
    player.finish();
    if (error.name !== "AbortError") showError(error);
  }
  if (speech === mine) speech = null;
  showButtons();
  refresh();
}

function receive(mine, event) {
  if (event.type === "speech.audio.delta") {
    const [samples, rest] = samplesOf(event.audio, mine.rest);
    mine.rest = rest;
    if (!mine.samples.length) {
      performance.mark("first-samples");
      show("ttfa-page", milliseconds(performance.now() - mine.started));
      setState("busy", "speaking");
    }
    mine.samples.push(samples);
    player.push(samples);
    waveform.push(samples);
    show("length", seconds(waveform.seconds));
    show("rtf", ((performance.now() - mine.started) / 1000 / waveform.seconds).toFixed(2));
  } else if (event.type === "speech.audio.done") {
    performance.mark("generation-end");
    mine.isDone = true;
    player.finish();
    show("ttfa-server", milliseconds(event.stats.ttfa_ms));
    show("rtf", event.stats.rtf.toFixed(2));
    show("length", seconds(event.stats.audio_seconds));
    show("segments", String(event.stats.segments));
    if (event.stats.missed_ends) {
      showError(new Error(`the model missed the end of ${event.stats.missed_ends} segment(s), ` +
        "which were cut: the audio may be longer than the text"));
    }
    last = { request: mine.request, samples: mine.samples };
  } else if (event.type === "speech.audio.error") {
    throw new Error(event.error.message);
  }
}

function stop() {
  const mine = speech;
  speech = null;
  mine?.controller.abort();
  player?.stop();
  showButtons();
  if (mine) refresh();
}

function replay() {
  if (!last) return;
  player?.stop();
  player = new Player(rate);
  player.start();
  for (const samples of last.samples) player.push(samples);
  player.finish();
  showButtons();
  requestAnimationFrame(draw);
}

async function download() {
  if (!last) return;
  const format = element("format").value;
  const button = element("download");
  button.disabled = true;
  try {
    // Another format is made again: the same seed, the same samples.
    const blob = format === "wav"
      ? wavOf(last.samples)
      : await (await post({ ...last.request, response_format: format, stream: true })).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `speech.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch (error) {
    showError(error);
  }
  showButtons();
}

function wavOf(pieces) {
  const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const put = (at, text) => [...text].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  put(0, "RIFF"); view.setUint32(4, 36 + 2 * count, true);
  put(8, "WAVEfmt "); view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  put(36, "data"); view.setUint32(40, 2 * count, true);
  let at = 44;
  for (const piece of pieces) {
    for (const sample of piece) { view.setInt16(at, sample * 32768, true); at += 2; }
  }
  return new Blob([view], { type: "audio/wav" });
}

function draw() {
  const position = player?.position ?? 0;
  if (position > 0 && player.isRunning && !performance.getEntriesByName("playback-start").length) {
    performance.mark("playback-start");
  }
  waveform.draw(position);
  show("clock", `${clock(position)} / ${clock(waveform.seconds)}`);
  element("waveform").setAttribute("aria-label", waveform.seconds
    ? `Waveform of ${waveform.seconds.toFixed(1)} seconds of audio` : "Waveform: nothing yet");
  if (speech || (player && !player.isOver)) requestAnimationFrame(draw);
  else showButtons();
}

const milliseconds = (value) => `${Math.round(value)} ms`;
const seconds = (value) => `${value.toFixed(1)} s`;
const clock = (value) => `${Math.floor(value / 60)}:${(value % 60).toFixed(1).padStart(4, "0")}`;

function show(id, text) {
  element(id).textContent = text;
}

function setState(kind, text) {
  element("state").dataset.kind = kind;
  show("state", text);
}

function showError(error) {
  element("error").hidden = error === null;
  if (error === null) return show("error", "");
  const later = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  show("error", `${error.message}.${later}`);
  if (error.status === 401) {
    document.querySelector("details").open = true;
    element("key").focus();
  }
}

function showButtons() {
  element("stop").disabled = !speech && (!player || player.isOver);
  element("replay").disabled = element("download").disabled = !last;
}

function count() {
  const length = [...element("text").value].length;
  const isOver = length > limit;
  element("count").classList.toggle("over", isOver);
  show("count", limit < Infinity ? `${length} of ${limit} characters` : `${length} characters`);
  element("text").setCustomValidity(isOver ? `The limit is ${limit} characters` : "");
}

// The server's queue; while nothing of ours is being made it says whether others are waiting.
async function refresh() {
  try {
    const health = await (await call("health")).json();
    limit = health.max_text;
    rate = health.sample_rate;
    count();
    if (!element("format").options.length) {
      element("format").replaceChildren(
        ...health.formats.filter((name) => name !== "pcm").map((name) => new Option(name)));
    }
    if (speech?.samples.length) setState("busy", "speaking");
    else if (speech) setState("busy", `waiting, ${health.waiting} in the queue`);
    else if (health.speaking) setState("busy", `busy, ${health.waiting} waiting`);
    else setState("ready", "ready");
  } catch {
    setState("bad", "server not reached");
  }
}

async function loadVoices() {
  const { details, languages, default: chosen } = await (await call("v1/audio/voices")).json();
  const groups = Object.entries(languages).map(([code, name]) => {
    const group = document.createElement("optgroup");
    group.label = name;
    for (const voice of details.filter(({ language }) => language === code)) {
      const gender = voice.gender ? ` (${voice.gender})` : "";
      const plain = voice.name.replace(/_?(fe)?male$/, "").replace(/^[a-z]{2}$/, "") || name;
      group.append(new Option(plain.replaceAll("_", " ") + gender, voice.id, false, voice.id === chosen));
    }
    return group;
  });
  element("voice").replaceChildren(...groups.filter((group) => group.children.length));
  element("voice").value = chosen;
  element("language").replaceChildren(
    new Option("from the voice", ""),
    ...Object.entries(languages).map(([code, name]) => new Option(name, code)));
}

async function start() {
  await refresh();
  try {
    await loadVoices();
    showError(null);
  } catch (error) {
    showError(error);
  }
}

element("form").addEventListener("submit", (event) => { event.preventDefault(); speak(); });
element("stop").addEventListener("click", stop);
element("replay").addEventListener("click", replay);
element("download").addEventListener("click", download);
element("text").addEventListener("input", count);
element("key").addEventListener("change", start);
addEventListener("resize", () => waveform.draw(player?.position ?? 0));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => waveform.draw(0));
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape") {
    stop();
  }
});
document.querySelector("#speak kbd").textContent = SHORTCUT;
setInterval(refresh, 2000);
waveform.draw(0);
start();
