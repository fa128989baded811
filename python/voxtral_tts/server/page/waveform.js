// Draws audio as bars, the part that has sounded in the accent's colour.

const PER_SECOND = 50; // peaks kept
const BAR = 3;
const GAP = 2;
const SHORTEST_S = 4; // the width stands for this much at least

export class Waveform {
  #canvas;
  #rate;
  #peaks = [];
  #count = 0;

  constructor(canvas, rate) {
    this.#canvas = canvas;
    this.#rate = rate;
  }

  push(samples) {
    const perPeak = this.#rate / PER_SECOND;
    for (const sample of samples) {
      const index = Math.floor(this.#count++ / perPeak);
      const size = Math.abs(sample);
      if (index >= this.#peaks.length) this.#peaks.push(size);
      else if (size > this.#peaks[index]) this.#peaks[index] = size;
    }
  }

  get seconds() {
    return this.#count / this.#rate;
  }

  draw(position) {
    const canvas = this.#canvas;
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const style = getComputedStyle(document.documentElement);
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const bars = Math.floor(width / (BAR + GAP));
    const span = Math.max(this.seconds, SHORTEST_S);
    const loudest = this.#peaks.reduce((most, peak) => Math.max(most, peak), 0.3);
    const perBar = (span * PER_SECOND) / bars;
    for (let bar = 0; bar < bars; bar++) {
      const first = Math.floor(bar * perBar);
      const last = Math.max(first + 1, Math.floor((bar + 1) * perBar));
      let peak = 0;
      for (let i = first; i < last && i < this.#peaks.length; i++) peak = Math.max(peak, this.#peaks[i]);
      const hasSounded = first / PER_SECOND < position;
      const size = Math.max(2, (peak / loudest) * (height - 16));
      context.fillStyle = style.getPropertyValue(
        hasSounded && first < this.#peaks.length ? "--accent" : "--wave");
      context.globalAlpha = first < this.#peaks.length ? 1 : 0.45;
      context.beginPath();
      context.roundRect(bar * (BAR + GAP) + GAP / 2, (height - size) / 2, BAR, size, BAR / 2);
      context.fill();
    }
  }
}
