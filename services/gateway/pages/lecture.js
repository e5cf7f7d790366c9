// The lecture on screen: its player, its timeline and its transcript move as one.
import { byId } from "./dom.js";
import { ClockPlayer, VideoPlayer, isPlayable } from "./players.js";
import { clock, seconds } from "./time.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";

const RATES = [1, 1.25, 1.5, 2];

export class Lecture {
  #caption = byId("caption");
  #before = byId("caption-before");
  #play = byId("play");
  #rate = byId("rate");
  #cues = [];
  #player = null;
  #timeline = new Timeline((moment) => this.seek(moment));
  #transcript = new Transcript((moment) => this.seek(moment));

  constructor() {
    this.#play.addEventListener("click", () => this.toggle());
    this.#rate.addEventListener("click", () => this.#nextRate());
  }

  get position() {
    return this.#player?.position ?? 0;
  }

  /** Shows another lecture, from its beginning. */
  open({ title, videoUrl, length }, cues) {
    this.#player?.close();
    this.#cues = cues.map((cue) => ({ start: seconds(cue.startOffset), end: seconds(cue.endOffset), text: cue.text ?? "" }));
    const end = Math.max(length, this.#cues.at(-1)?.end ?? 0);
    byId("stage-title").textContent = title;
    this.#transcript.open(this.#cues);
    this.#timeline.open(this.#cues, end);
    this.#player = this.#playerFor(videoUrl, end);
    this.#play.disabled = end === 0;
    this.#applyRate();
    this.#show();
  }

  seek(moment) {
    this.#player?.seek(moment);
    this.#show();
  }

  /** Jumps to what an answer cites, and highlights it. */
  jump(start, end) {
    this.seek(start);
    this.#transcript.highlight(start, end);
  }

  /** Marks on the timeline what the answers cite. */
  pin(moments) {
    this.#timeline.pin(moments);
  }

  toggle() {
    if (this.#player?.playing) this.#player.pause();
    else this.#player?.play();
  }

  #playerFor(videoUrl, end) {
    const onchange = () => this.#show();
    const withoutPicture = () => new ClockPlayer(end, onchange);
    byId("stage").classList.remove("has-film");
    if (!isPlayable(videoUrl)) return withoutPicture();
    byId("stage").classList.add("has-film");
    return new VideoPlayer(byId("film"), videoUrl, end, onchange, () => {
      this.#player.close();
      byId("stage").classList.remove("has-film");
      this.#player = withoutPicture();
      this.#applyRate();
      this.#show();
    });
  }

  #show() {
    if (!this.#player) return;
    const { position, playing } = this.#player;
    this.#timeline.show(position);
    this.#transcript.show(position, playing);
    const at = Math.max(this.#transcript.at(position), 0);
    this.#caption.textContent = this.#cues[at]?.text ?? "";
    this.#before.textContent = this.#cues[at - 1]?.text ?? "";
    this.#play.classList.toggle("playing", playing);
    this.#play.setAttribute("aria-label", playing ? "Pause" : "Play");
    document.title = playing ? `${clock(position)} · Lectern` : "Lectern playground";
  }

  #nextRate() {
    const now = RATES.indexOf(Number(this.#rate.dataset.rate ?? 1));
    this.#rate.dataset.rate = RATES[(now + 1) % RATES.length];
    this.#rate.textContent = `${this.#rate.dataset.rate}×`;
    this.#applyRate();
  }

  #applyRate() {
    if (this.#player) this.#player.rate = Number(this.#rate.dataset.rate ?? 1);
  }
}
