// Plays samples while they arrive. After a gap it waits until some audio has gathered, so that a
// server slower than real time gives few long pauses instead of many short ones.

const LEAD_S = 0.06; // between scheduling and sounding
const GATHER_S = 0.5; // after a gap

export class Player {
  #context = null;
  #rate;
  #pending = [];
  #pendingS = 0;
  #sources = new Set();
  #end = 0; // context time at which what is scheduled ends
  #spans = []; // [context time, audio time, seconds]
  #audioS = 0; // scheduled so far
  #hasGap = false;
  #isDone = false;

  constructor(rate) {
    this.#rate = rate;
  }

  // Called in the click or key press that browsers want to see before sound.
  start() {
    this.#context = new AudioContext({ sampleRate: this.#rate });
    this.#context.resume();
  }

  push(samples) {
    if (!this.#context || !samples.length) return;
    this.#pending.push(samples);
    this.#pendingS += samples.length / this.#rate;
    this.#flush();
  }

  finish() {
    this.#isDone = true;
    this.#flush();
  }

  get isRunning() {
    return this.#context?.state === "running";
  }

  // Seconds of audio that have sounded.
  get position() {
    if (!this.#context) return 0;
    const now = this.#context.currentTime;
    let position = 0;
    for (const [at, audio, seconds] of this.#spans) {
      if (now < at) break;
      position = audio + Math.min(now - at, seconds);
    }
    return position;
  }

  get isOver() {
    return this.#isDone && (!this.#context || this.#context.currentTime >= this.#end);
  }

  stop() {
    for (const source of this.#sources) source.stop();
    this.#context?.close();
    this.#context = null;
    this.#isDone = true;
  }

  #flush() {
    if (!this.#context) return;
    const now = this.#context.currentTime;
    if (this.#spans.length && this.#end < now) this.#hasGap = true;
    if (this.#hasGap && !this.#isDone && this.#pendingS < GATHER_S) return;
    this.#hasGap = false;
    for (const samples of this.#pending.splice(0)) this.#schedule(samples, now);
    this.#pendingS = 0;
  }

  #schedule(samples, now) {
    const buffer = this.#context.createBuffer(1, samples.length, this.#rate);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    const at = this.#end < now ? now + LEAD_S : this.#end;
    source.start(at);
    source.onended = () => this.#sources.delete(source);
    this.#sources.add(source);
    const seconds = samples.length / this.#rate;
    this.#spans.push([at, this.#audioS, seconds]);
    this.#audioS += seconds;
    this.#end = at + seconds;
  }
}
