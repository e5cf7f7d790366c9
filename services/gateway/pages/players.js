// What moves the playhead: a real video where the address has one, and otherwise a clock that runs through the captions.

const PLAYABLE = /\.(mp4|m4v|webm|ogv|ogg|mov|mp3|m4a|wav)$/i;
const STEPS = 10; // times a second that a moving playhead is shown
const RESERVED = /(^|\.)(example\.(org|com|net)|example|test|invalid)$/i;

/** Whether an address may hold a file that a browser plays; names reserved for examples never do. */
export function isPlayable(address) {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, pathname } = new URL(address);
  return /^https?:$/.test(protocol) && PLAYABLE.test(pathname) && !RESERVED.test(hostname);
}

/** Runs through a lecture without a picture. Tells `onchange` after each step. */
export class ClockPlayer {
  #frame = 0;
  #last = 0;
  #position = 0;

  constructor(length, onchange) {
    this.length = length;
    this.onchange = onchange;
    this.rate = 1;
  }

  get playing() {
    return this.#frame !== 0;
  }

  get position() {
    return this.#position;
  }

  seek(moment) {
    this.#position = Math.min(Math.max(0, moment), this.length);
    this.onchange();
  }

  play() {
    if (this.playing) return;
    if (this.#position >= this.length) this.#position = 0;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame(this.#step);
    this.onchange();
  }

  pause() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.onchange();
  }

  close() {
    this.onchange = () => {};
    this.pause();
  }

  #step = (now) => {
    const before = this.#position;
    this.#position = Math.min(before + ((now - this.#last) / 1000) * this.rate, this.length);
    this.#last = now;
    this.#frame = requestAnimationFrame(this.#step);
    if (this.#position >= this.length) this.pause();
    else if (Math.floor(before * STEPS) !== Math.floor(this.#position * STEPS)) this.onchange();
  };
}

/** Plays the file itself. Tells `onbroken` where the browser can't. */
export class VideoPlayer {
  #video;
  #listening = new AbortController();

  constructor(video, address, length, onchange, onbroken) {
    this.#video = video;
    this.#length = length;
    const { signal } = this.#listening;
    for (const name of ["timeupdate", "play", "pause", "seeked", "durationchange"]) {
      video.addEventListener(name, onchange, { signal });
    }
    video.addEventListener("error", onbroken, { signal });
    video.src = address;
    video.hidden = false;
  }

  #length;

  get length() {
    return Number.isFinite(this.#video.duration) ? this.#video.duration : this.#length;
  }

  get playing() {
    return !this.#video.paused;
  }

  get position() {
    return this.#video.currentTime;
  }

  set rate(rate) {
    this.#video.playbackRate = rate;
  }

  seek(moment) {
    this.#video.currentTime = moment;
  }

  play() {
    this.#video.play().catch(() => {}); // the error event tells what failed
  }

  pause() {
    this.#video.pause();
  }

  close() {
    this.#listening.abort();
    this.#video.pause();
    this.#video.hidden = true;
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}
