// The playground: the one place where its parts are put together.
import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { announce, byId, element } from "./dom.js";
import { describe } from "./failures.js";
import { Lecture } from "./lecture.js";
import { Session } from "./session.js";
import { SignIn } from "./sign-in.js";
import { clock, seconds } from "./time.js";
import { Tabs } from "./tabs.js";

class Playground {
  #session = new Session();
  #api = new Api(this.#session);
  #lecture = new Lecture();
  #tabs = new Tabs();
  #course = byId("course");
  #video = byId("video");
  #videos = [];
  #cited = [];
  #opening = null;
  #composer = new Composer({
    onask: (text) => this.#conversation.ask(text),
    onstop: () => this.#conversation.stop(),
  });
  #conversation = new Conversation(this.#api, () => this.#place(), {
    onjump: (citation) => this.#jump(citation).catch((error) => this.#refused(error)),
    onbusy: (busy) => { this.#composer.busy = busy; },
    onsources: (citations) => { this.#cited = citations; this.#pin(); },
    onrefused: (error) => this.#refused(error),
  });
  #signIn = new SignIn(this.#session, () => this.#try(() => this.#courses()));

  start() {
    this.#course.addEventListener("change", () => this.#try(() => this.#openCourse(this.#course.value)));
    this.#video.addEventListener("change", () => this.#try(() => this.#openVideo(this.#video.value)));
    addEventListener("keydown", (event) => this.#shortcut(event));
    this.#try(async () => {
      this.#tell(await this.#session.open());
      this.#signIn.tell();
      await this.#courses();
    });
  }

  async #courses() {
    if (!this.#session.isOpen) return this.#signIn.ask();
    const courses = await this.#api.courses();
    fill(this.#course, courses, "No courses yet");
    const [wanted] = remembered();
    if (courses.some(({ name }) => name === wanted)) this.#course.value = wanted;
    if (courses.length) await this.#openCourse(this.#course.value);
  }

  async #openCourse(course) {
    const opening = Symbol(course);
    this.#opening = opening;
    this.#composer.ready = false;
    this.#video.disabled = true;
    await Promise.all([this.#conversation.open(course), this.#openVideos(course, opening)]);
    if (this.#opening === opening) this.#composer.ready = true;
  }

  async #openVideos(course, opening) {
    const videos = await this.#api.videos(course);
    if (this.#opening !== opening) return; // a course was chosen again meanwhile
    this.#videos = videos;
    fill(this.#video, videos, "No lectures yet");
    const [, wanted] = remembered();
    if (videos.some(({ name }) => name === wanted)) this.#video.value = wanted;
    if (videos.length) await this.#openVideo(this.#video.value);
  }

  async #openVideo(name) {
    const video = this.#videos.find((one) => one.name === name);
    const transcript = await this.#api.transcript(name);
    if (this.#video.value !== name) return; // another was chosen meanwhile
    this.#lecture.open({ ...video, length: seconds(video.duration) }, transcript.cues ?? []);
    history.replaceState(null, "", `#${name}`);
    this.#pin();
  }

  async #jump(citation) {
    const elsewhere = this.#videos.find((one) => one.videoUrl === citation.videoUrl);
    if (elsewhere && elsewhere.name !== this.#video.value) {
      this.#video.value = elsewhere.name;
      await this.#openVideo(elsewhere.name);
    }
    const start = seconds(citation.startOffset);
    this.#tabs.show("lecture");
    this.#lecture.jump(start, seconds(citation.endOffset) || start);
    announce(`The lecture stands at ${clock(start)}`);
  }

  #place() {
    const video = this.#videos.find((one) => one.name === this.#video.value);
    return { course: this.#course.value, videoUrl: video?.videoUrl ?? "", position: this.#lecture.position };
  }

  #pin() {
    const here = this.#place().videoUrl;
    const moments = this.#cited.filter(({ videoUrl }) => videoUrl === here).map(({ startOffset }) => seconds(startOffset));
    this.#lecture.pin(moments);
  }

  #tell({ demo, model }) {
    byId("demo-chip").hidden = !demo;
    byId("footnote").textContent = demo
      ? `Demo model${model ? ` (${model})` : ""}: it writes fluently and is often wrong. Trust the cited passages.`
      : "Answers can be wrong. The citations show what the lecture says.";
  }

  #shortcut(event) {
    const busy = event.target.closest?.("input, textarea, select, button, [role=button], video, dialog");
    if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") byId("question").focus();
    else if (event.key === " " || event.key === "k") this.#lecture.toggle();
    else return;
    event.preventDefault();
  }

  async #try(action) {
    byId("banner").hidden = true;
    try {
      await action();
    } catch (error) {
      this.#refused(error, () => this.#try(action));
    }
  }

  #refused(error, retry = null) {
    if (error.status === 401) return this.#signIn.ask(describe(error));
    const reference = error.requestId ? [" Request ", element("code", {}, error.requestId)] : [];
    const button = retry ? [element("button", { type: "button", className: "quiet", onclick: retry }, "Try again")] : [];
    byId("banner").replaceChildren(element("span", {}, describe(error), ...reference), ...button);
    byId("banner").hidden = false;
    console.error(error);
  }
}

function fill(select, resources, none) {
  const options = resources.map(({ name, title }) => element("option", { value: name }, title || name.split("/").at(-1)));
  select.replaceChildren(...(options.length ? options : [element("option", { value: "" }, none)]));
  select.disabled = resources.length === 0;
}

/** The course and the video that the address names. */
function remembered() {
  const name = decodeURIComponent(location.hash.slice(1));
  return [name.split("/").slice(0, 2).join("/"), name];
}

new Playground().start();
