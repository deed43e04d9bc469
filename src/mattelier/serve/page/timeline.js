// The timeline marks the system that is being read.

/** @param {HTMLElement} timeline */
export function watchTimeline(timeline) {
  const links = [...timeline.querySelectorAll("a")];
  const mark = (id) => {
    for (const link of links) {
      if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const link = links.find((other) => other.hash === `#${id}`);
    timeline.scrollTo({ left: (link?.offsetLeft ?? 0) - 40 }); // on a phone the line is wider than the screen
  };
  // a thin band a third down the window: what crosses it is what is read
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) mark(entry.target.id);
  }, { rootMargin: "-33% 0px -66% 0px" });
  for (const link of links) watch.observe(document.querySelector(link.hash));
}
