/* What moves on a page without a kernel: the figures written by dgm.widgets, a sheet of frames behind range inputs. */
(() => {
  "use strict";

  function explore(figure) {
    const view = figure.querySelector(".dgm-view");
    const sliders = [...figure.querySelectorAll('input[type="range"]')];
    const axes = sliders.map((slider) => JSON.parse(slider.dataset.values));
    const names = sliders.map((slider) => slider.parentNode.firstChild.textContent.trim());
    const [cols, rows] = [Number(figure.dataset.cols), Number(figure.dataset.rows)];
    const text = view.getAttribute("aria-label");

    const percent = (k, n) => (n > 1 ? (100 * k) / (n - 1) : 0);

    function draw() {
      let frame = 0;
      sliders.forEach((slider, i) => {
        const value = axes[i][slider.valueAsNumber];
        frame = frame * axes[i].length + slider.valueAsNumber; // mixed radix, the last slider moves fastest
        slider.parentNode.querySelector("output").textContent = value;
        slider.setAttribute("aria-valuetext", value);
      });
      view.style.backgroundPosition = `${percent(frame % cols, cols)}% ${percent(Math.floor(frame / cols), rows)}%`;
      view.setAttribute("aria-label", `${text} (${sliders.map((s, i) => `${names[i]} = ${axes[i][s.value]}`).join(", ")})`);
    }

    sliders.forEach((slider) => slider.addEventListener("input", draw));
    draw();
    const button = figure.querySelector(".dgm-play");
    if (button) player(figure, button, sliders[0], draw);
  }

  /* Play runs to the last frame and stops there; pressed at the end, it starts over. Moving the slider pauses it. */
  function player(figure, button, slider, draw) {
    const last = Number(slider.max);
    let timer = null;

    function stop() {
      clearInterval(timer);
      timer = null;
      button.setAttribute("aria-pressed", "false");
      button.textContent = "Play";
    }

    function step() {
      if (slider.valueAsNumber >= last) return stop();
      slider.value = slider.valueAsNumber + 1;
      draw();
      if (slider.valueAsNumber >= last) stop();
    }

    function start() {
      if (slider.valueAsNumber >= last) {
        slider.value = 0;
        draw();
      }
      timer = setInterval(step, Number(figure.dataset.animate));
      button.setAttribute("aria-pressed", "true");
      button.textContent = "Pause";
    }

    button.addEventListener("click", () => (timer ? stop() : start()));
    slider.addEventListener("input", stop);
    document.addEventListener("visibilitychange", () => document.hidden && timer && stop());
    /* One animation of the book may start by itself, once it is seen, unless the reader prefers stillness. */
    if (figure.closest(".tag_front") && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const seen = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          seen.disconnect();
          start();
        }
      });
      seen.observe(figure);
    }
  }

  /* A formula wider than its column scrolls; then the keyboard has to reach it. Formulas are typeset as one comes near
     them, which the observer below notices. */
  function reachable() {
    document.querySelectorAll("div.math mjx-container").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }

  /* Opened as a file, a page may not read other pages, which the excerpts in the search results would need. */
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  document.querySelectorAll("figure.dgm-explore").forEach(explore);
  addEventListener("resize", reachable);

  /* MathJax weighs a megabyte: it comes when the text is there to read. */
  const mathjax = document.querySelector('meta[name="dgm-mathjax"]');
  const arrived = new Promise((resolve, reject) => {
    if (!mathjax) resolve();
    else addEventListener("load", () => {
      const script = document.createElement("script");
      Object.assign(script, { id: "MathJax-script", src: mathjax.content, onload: resolve, onerror: reject });
      document.head.append(script);
    });
  });

  /* For a printer, and for tests: typeset also what nobody has scrolled to. */
  window.dgmTypesetAll = async () => {
    await arrived;
    await window.MathJax?.startup?.promise;
    await window.MathJax?.startup?.document.lazyTypesetAll();
  };
  const article = document.querySelector(".bd-article");
  let due = 0;
  function soon() {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(reachable);
  }
  if (article) new MutationObserver(soon).observe(article, { childList: true, subtree: true });
})();
