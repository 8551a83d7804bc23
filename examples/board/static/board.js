// The front page of the team board: everything it does goes through the API and the chat's WebSocket.

const STAGES = ["todo", "doing", "done"];
const find = (selector) => document.querySelector(selector);
let socket = null;
let feed = null;
let waiting = 0;

function element(tag, text = "", properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}

function showFault(problem) {
  const place = find("#fault");
  place.hidden = problem === null;
  if (problem === null) return;
  const faults = (problem.errors ?? []).map((error) => `${error.loc.join(".")}: ${error.msg}`);
  place.replaceChildren(`${problem.detail} ${faults.join("; ")} `, element("a", problem.code, { href: problem.type }));
}

// The answer's JSON; what is wrong is shown, and null is given back.
async function call(method, path, body) {
  const options = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (response.status === 204) return null;
  const answer = await response.json();
  showFault(response.ok ? null : answer);
  return response.ok ? answer : null;
}

async function showChoices(selector, path, label, chosen) {
  const records = (await call("GET", `${path}?limit=100`)) ?? [];
  const choices = records.map((record) => element("option", record[label], { value: record.id }));
  find(selector).replaceChildren(...choices);
  if (chosen) find(selector).value = chosen;
  return records;
}

const showMembers = (chosen) => showChoices("#members", "/members", "name", chosen);
const showBoards = (chosen) => showChoices("#boards", "/boards", "title", chosen);
const boardPath = () => `/boards/${find("#boards").value}`;

async function showCards() {
  const cards = find("#boards").value ? await call("GET", `${boardPath()}/cards?limit=100`) : [];
  const names = new Map([...find("#members").options].map((option) => [Number(option.value), option.text]));
  for (const stage of STAGES) {
    const shown = (cards ?? []).filter((card) => card.stage === stage).map((card) => cardElement(card, names));
    find(`[data-stage="${stage}"]`).replaceChildren(...shown);
  }
}

function cardElement(card, names) {
  const item = element("li", card.title);
  const path = `${boardPath()}/cards/${card.id}`;
  item.append(element("small", card.assignee === null ? "nobody's" : names.get(card.assignee) ?? ""));
  const step = STAGES.indexOf(card.stage);
  const move = (to) => () => call("PATCH", path, { stage: STAGES[to] });
  if (step > 0) item.append(element("button", "←", { title: "Back", onclick: move(step - 1) }));
  if (step < 2) item.append(element("button", "→", { title: "On", onclick: move(step + 1) }));
  const take = () => call("PATCH", path, { assignee: Number(find("#members").value) });
  item.append(element("button", "Mine", { onclick: take }));
  if (step === 2) item.append(element("button", "Remove", { onclick: () => call("DELETE", path) }));
  const files = element("ul", "", { className: "files" });
  const choice = element("input", "", { type: "file", name: "file", title: "Attach a file", ariaLabel: "Attach a file" });
  choice.addEventListener("change", () => attach(`${path}/files`, choice));
  item.append(files, choice);
  showFiles(`${path}/files`, files);
  return item;
}

async function showFiles(path, place) {
  const files = (await call("GET", path)) ?? [];
  const links = files.map((file) => element("a", `${file.name} (${file.size} bytes)`, { href: `${path}/${file.id}` }));
  place.replaceChildren(...links.map((link) => { const item = element("li"); item.append(link); return item; }));
}

async function attach(path, choice) {
  const form = new FormData();
  form.append("file", choice.files[0]);
  const response = await fetch(path, { method: "POST", body: form, headers: { accept: "application/json" } });
  showFault(response.ok ? null : await response.json());
}

// Everybody hears what happens on a board, whether or not they talk.
function openFeed() {
  feed?.close();
  if (!find("#boards").value) return;
  feed = new EventSource(`${boardPath()}/activity`);
  feed.onopen = () => { find("#activity").replaceChildren(); };
  feed.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.kind === "said") return;
    find("#activity").prepend(element("li", [message.who, message.kind, message.text].filter(Boolean).join(" ")));
    clearTimeout(waiting);  // what happened before comes all at once
    if (message.kind.startsWith("card") || message.kind.startsWith("file")) waiting = setTimeout(showCards, 50);
  };
}

function openChat() {
  socket?.close();
  find("#messages").replaceChildren();
  if (!find("#boards").value || !find("#members").value) return;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(`${scheme}//${location.host}${boardPath()}/chat?member_id=${find("#members").value}`);
  socket = opened;
  opened.onopen = () => { find("#state").textContent = "open"; };
  opened.onclose = (event) => {
    if (socket === opened) find("#state").textContent = event.reason || "closed";
  };
  opened.onmessage = (event) => showMessage(JSON.parse(event.data));
}

function showMessage(message) {
  const said = message.kind === "said";
  const text = said ? `${message.who}: ${message.text}` : [message.who, message.kind, message.text].filter(Boolean).join(" ");
  find("#messages").append(element("li", text, { className: said ? "said" : "" }));
  find("#messages").scrollTop = find("#messages").scrollHeight;
}

// A form whose one field is sent; `send` gives null where that failed, and the field then keeps its text.
function onSubmit(selector, send) {
  find(selector).addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = event.target.querySelector("input");
    if ((await send(field.value)) !== null) field.value = "";
  });
}

onSubmit("#new-card", (title) => call("POST", `${boardPath()}/cards`, { title }));
onSubmit("#say", (text) => (socket?.readyState === WebSocket.OPEN ? socket.send(JSON.stringify({ text })) : null));
onSubmit("#new-member", async (name) => {
  const member = await call("POST", "/members", { name });
  if (member) await showMembers(member.id).then(openChat);
  return member;
});
onSubmit("#new-board", async (title) => {
  const board = await call("POST", "/boards", { title });
  if (board) await showBoards(board.id).then(showCards).then(openFeed).then(openChat);
  return board;
});
find("#boards").addEventListener("change", () => showCards().then(openFeed).then(openChat));
find("#members").addEventListener("change", openChat);

await showMembers();
await showBoards();
await showCards();
openFeed();
openChat();
