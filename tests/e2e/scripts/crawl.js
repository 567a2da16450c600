// Walks over every page that the start page leads to, and returns the addresses of the pages and
// what is wrong with their links. arguments[0]: the start page.
const start = new URL(arguments[0]);
const pages = new Map();
const broken = [];
const waiting = [start.href];
const links = [];

while (waiting.length > 0) {
  const address = waiting.pop();
  if (pages.has(address)) continue;
  const response = await fetch(address);
  const html = response.ok ? await response.text() : null;
  const page = html === null ? null : new DOMParser().parseFromString(html, "text/html");
  pages.set(address, page);
  // The playground is a program, tested elsewhere.
  if (page === null || address.includes("/play/")) continue;
  for (const link of page.querySelectorAll("a[href]")) {
    const target = new URL(link.getAttribute("href"), address);
    if (target.origin !== start.origin) continue;
    const fragment = target.hash;
    target.hash = "";
    target.search = "";
    links.push([address, target.href, fragment]);
    waiting.push(target.href);
  }
}
for (const [from, to, fragment] of links) {
  const page = pages.get(to);
  const id = decodeURIComponent(fragment.slice(1));
  if (page === null) broken.push(`${from} leads to ${to}, which is not there`);
  else if (id !== "" && !to.includes("/play/") && page.getElementById(id) === null) {
    broken.push(`${from} leads to ${to}${fragment}, and there is no such part`);
  }
}
return { pages: [...pages.keys()].filter((address) => !address.includes("/play/")), broken };
