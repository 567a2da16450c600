// Runs the examples of pages, and returns how many they are and what is not answered as the page
// says. arguments[0]: the addresses of the pages.
const lines = (text) => text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");

/** The commands of an example, each with the lines of its reply. */
function transcript(text) {
  const steps = [];
  for (const line of lines(text)) {
    if (line.startsWith("> ")) steps.push([line.slice(2), []]);
    else steps.at(-1)?.[1].push(line);
  }
  return steps;
}

async function run(element) {
  document.body.append(element);
  const ran = new Promise((done) =>
    element.addEventListener("keyspace-ran", (event) => done(event.detail.replies), { once: true }),
  );
  await element.run();
  return ran;
}

let count = 0;
const wrong = [];
await customElements.whenDefined("keyspace-example");
for (const address of arguments[0]) {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  const shown = [];
  for (const example of page.querySelectorAll("keyspace-example")) {
    const element = document.importNode(example, true);
    // Other pages have examples that share by the same name.
    const shared = element.getAttribute("shared");
    if (shared !== null) element.setAttribute("shared", `${address} ${shared}`);
    const expected = transcript(example.textContent);
    const replies = await run(element);
    count += 1;
    expected.forEach(([command, reply], at) => {
      const answered = lines(replies[at] ?? "");
      if (answered.join("\n") !== reply.join("\n")) {
        wrong.push(`${address}\n> ${command}\n${answered.join("\n")}\nand not\n${reply.join("\n")}`);
      }
    });
    shown.push(element);
  }
  shown.forEach((element) => element.remove());
}
return { count, wrong };
