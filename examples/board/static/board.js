// The front page of the team board: everything it does goes through the API and the chat's WebSocket.

const AGAIN = 1013;  // "try again later": something was missed
const STAGES = ["todo", "doing", "done"];
const find = (selector) => document.querySelector(selector);
let socket = null;
let feed = null;
let waiting = 0;
let names = new Map();
let adding = null;  // the key of the card that is being added

const me = document.body.dataset.member;
const token = find('meta[name="csrf-token"]').content;

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
async function call(method, path, body, headers = {}) {
  // With a cookie, what changes something needs the token that the page came with.
  const options = { method, headers: { accept: "application/json", "x-csrf-token": token, ...headers } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (response.ok && method !== "GET") showCardsSoon();
  if (response.status === 204) return null;
  const answer = await response.json();
  showFault(response.ok ? null : answer);
  return response.ok ? answer : null;
}

async function loadNames() {
  const members = (await call("GET", "/members?limit=100")) ?? [];
  names = new Map(members.map((member) => [member.id, member.name]));
}

async function showBoards(chosen) {
  const boards = (await call("GET", "/boards?limit=100")) ?? [];
  find("#boards").replaceChildren(...boards.map((board) => element("option", board.title, { value: board.id })));
  if (chosen) find("#boards").value = chosen;
}

const boardPath = () => `/boards/${find("#boards").value}`;

async function showCards() {
  const cards = find("#boards").value ? await call("GET", `${boardPath()}/cards?limit=100`) : [];
  for (const stage of STAGES) {
    const shown = (cards ?? []).filter((card) => card.stage === stage).map(cardElement);
    find(`[data-stage="${stage}"]`).replaceChildren(...shown);
  }
  await showSummary();
}

// Once for all that happens in a moment.
function showCardsSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(showCards, 50);
}

async function showSummary() {
  const summary = find("#boards").value ? await call("GET", `${boardPath()}/summary`) : null;
  if (summary === null) return;
  const counts = STAGES.map((stage) => `${summary.cards[stage]} ${stage}`).join(", ");
  find("#summary").textContent = `${counts} (counted by process ${summary.process})`;
}

function cardElement(card) {
  const item = element("li", card.title);
  const path = `${boardPath()}/cards/${card.id}`;
  item.append(element("small", card.assignee === null ? "nobody's" : names.get(card.assignee) ?? "somebody's"));
  const step = STAGES.indexOf(card.stage);
  const move = (to) => () => call("PATCH", path, { stage: STAGES[to] });
  if (step > 0) item.append(element("button", "←", { title: "Back", onclick: move(step - 1) }));
  if (step < 2) item.append(element("button", "→", { title: "On", onclick: move(step + 1) }));
  if (me) item.append(element("button", "Mine", { onclick: () => call("PATCH", path, { assignee: Number(me) }) }));
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
  const response = await fetch(path, { method: "POST", body: form, headers: { accept: "application/json", "x-csrf-token": token } });
  showFault(response.ok ? null : await response.json());
  showCardsSoon();
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
    if (message.kind.startsWith("card") || message.kind.startsWith("file")) showCardsSoon();
  };
}

function openChat() {
  socket?.close();
  find("#messages").replaceChildren();
  if (!find("#boards").value || !me) return;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(`${scheme}//${location.host}${boardPath()}/chat`);
  socket = opened;
  opened.onopen = () => { find("#state").textContent = "open"; };
  opened.onclose = (event) => {
    if (socket !== opened) return;
    find("#state").textContent = event.reason || "closed";
    if (event.code === AGAIN) setTimeout(() => socket === opened && openChat(), 1000);
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

// Sent again because no answer came, a card is added once: the key stays the same until there is one.
onSubmit("#new-card", async (title) => {
  adding ??= `${Date.now()}-${Math.random()}`;
  const card = await call("POST", `${boardPath()}/cards`, { title }, { "idempotency-key": adding });
  adding = null;
  return card;
});
onSubmit("#say", (text) => (socket?.readyState === WebSocket.OPEN ? socket.send(JSON.stringify({ text })) : null));
onSubmit("#new-member", async (name) => {
  const member = await call("POST", "/members", { name });
  if (member) location.reload();
  return member;
});
onSubmit("#new-board", async (title) => {
  const board = await call("POST", "/boards", { title });
  if (board) await showBoards(board.id).then(showCards).then(openFeed).then(openChat);
  return board;
});
find("#boards").addEventListener("change", () => showCards().then(openFeed).then(openChat));

await loadNames();
await showBoards();
await showCards();
openFeed();
openChat();
