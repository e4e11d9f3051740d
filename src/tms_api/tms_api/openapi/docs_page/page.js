"use strict";
let token = "";
// The path prefix under which a proxy may serve the deployment.
const base = location.pathname.replace(/\/api\/docs\/*$/, "");
document.querySelector(".links a").href = base + "/api/openapi.json";

function openOperation(id) {
  const target = id && document.getElementById(id);
  for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", () => openOperation(location.hash.slice(1)));
openOperation(location.hash.slice(1));

const menu = document.querySelector(".menu");
if (matchMedia("(max-width: 52rem)").matches) {
  menu.open = false;
  menu.addEventListener("click", (event) => { if (event.target.closest("a")) menu.open = false; });
}

document.getElementById("search").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const section of menu.querySelectorAll("section")) {
    for (const item of section.querySelectorAll("li")) {
      const text = (item.textContent + " " + item.firstElementChild.title).toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    section.hidden = !section.querySelector("li:not([hidden])");
  }
});

async function send(verb, path, headers, body) {
  try {
    const answer = await fetch(path, {method: verb, headers, body});
    const text = await answer.text();
    return {status: answer.status, statusText: answer.statusText, text, headers: answer.headers};
  } catch {
    return {status: 0, statusText: "The server does not respond.", text: "", headers: new Headers()};
  }
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

document.querySelector("#sign-in form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const answer = await send("POST", base + "/api/token", {"Content-Type": "application/json"}, body);
  token = answer.status === 200 ? JSON.parse(answer.text).access : "";
  form.querySelector("output").textContent = token ? "Signed in." : answer.status ? JSON.parse(answer.text).detail : answer.statusText;
  if (token) form.reset();
});

for (const box of document.querySelectorAll(".operation .try")) {
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const headers = token ? {Authorization: "Bearer " + token} : {};
    const query = new URLSearchParams();
    let path = box.dataset.path;
    for (const input of form.querySelectorAll("input")) {
      if (!input.value) continue;
      if (input.dataset.where === "path") path = path.replace("{" + input.name + "}", encodeURIComponent(input.value));
      else if (input.dataset.where === "query") query.append(input.name, input.value);
      else headers[input.name] = input.value;
    }
    const body = form.elements.body && form.elements.body.value;
    if (body) headers["Content-Type"] = "application/json";
    const answer = await send(box.dataset.verb, base + path + (query.size ? "?" + query : ""), headers, body || undefined);
    const shownHeaders = ["etag", "location", "retry-after", "x-request-id"].filter((name) => answer.headers.get(name));
    form.querySelector("output").textContent = [answer.status + " " + answer.statusText,
      ...shownHeaders.map((name) => name + ": " + answer.headers.get(name)), "", pretty(answer.text)].join("\n");
  });
}
