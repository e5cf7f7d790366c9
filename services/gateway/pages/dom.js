// Elements are built from text nodes only, so nothing that a server or a model says is ever read as HTML.

/** An element with properties and children; strings become text nodes. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** The element with this id; it is in the page from the start. */
export const byId = (id) => document.getElementById(id);

/** Says something to screen readers without showing it. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** Scrolls `child` to the upper third of the container that scrolls, and nothing else of the page. */
export function scrollWithin(container, child) {
  const offset = child.getBoundingClientRect().top - container.getBoundingClientRect().top;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  container.scrollBy({ top: offset - container.clientHeight / 3, behavior: calm ? "auto" : "smooth" });
}
