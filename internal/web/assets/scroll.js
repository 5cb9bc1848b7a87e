// Where each place of the history was scrolled to.

/**
 * @param {Element} content what grows when data come
 */
export function keepScroll(content) {
  /** @type {Record<string, number>} */
  const places = JSON.parse(sessionStorage.getItem("spanpipe-scroll") ?? "{}");
  const here = () => history.state?.key ?? "first";
  let wanted = 0;

  const stop = () => {
    wanted = 0;
    growth.disconnect();
  };
  const growth = new ResizeObserver(() => {
    scrollTo(0, wanted);
    if (Math.abs(scrollY - wanted) < 2) stop();
  });
  for (const name of ["wheel", "keydown", "pointerdown", "touchstart"]) addEventListener(name, stop, { passive: true });
  addEventListener("pagehide", () => {
    leave();
    sessionStorage.setItem("spanpipe-scroll", JSON.stringify(places));
  });
  let settled = here();
  const leave = () => {
    places[settled] = scrollY;
  };
  addEventListener("scroll", () => {
    if (!wanted && settled === here()) places[settled] = scrollY;
  }, { passive: true });

  return {
    /** Before the address changes. */
    leave,
    /**
     * After it has changed.
     * @param {boolean} fresh another view is shown, whose data may still be on their way
     */
    arrive(fresh) {
      const back = places[here()];
      const same = settled === here();
      settled = here();
      stop();
      if (back === undefined) {
        if (fresh) scrollTo(0, 0);
        return;
      }
      if (same && !fresh) return;
      wanted = back;
      scrollTo(0, back);
      if (fresh && back) growth.observe(content);
      else wanted = 0;
    },
  };
}
