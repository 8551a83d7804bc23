// The page of the shield: asks several times, and shows what each answer says of the process that made it.

const TIMES = 8;

function row(...texts) {
  const line = document.createElement("tr");
  for (const text of texts) line.append(Object.assign(document.createElement("td"), { textContent: text }));
  return line;
}

// `"60/minute";r=59;t=60` of the RateLimit header: what is left, and for how many seconds.
function limitOf(response) {
  const [, name, left] = /"(.*)";r=(\d+)/.exec(response.headers.get("ratelimit") ?? "") ?? [];
  return name ? `${name}: ${left}` : "";
}

async function askOnce(board) {
  const [facts, summary] = await Promise.all([fetch("/shield/facts"), fetch(`/boards/${board}/summary`)]);
  const [known, counted] = [await facts.json(), await summary.json()];
  return row(
    facts.headers.get("served-by"),
    facts.ok ? known.session || "none yet" : known.detail,
    limitOf(facts),
    summary.ok ? `counted by ${counted.process}, ${summary.headers.get("etag")}` : counted.detail,
    [summary.headers.get("cache-status"), `age ${summary.headers.get("age") ?? 0}`].join(", "),
  );
}

export async function ask(board) {
  const place = document.querySelector("#facts");
  const button = document.querySelector("#again");
  const askAgain = async () => {
    button.disabled = true;
    place.replaceChildren();
    for (let time = 0; time < TIMES; time += 1) place.append(await askOnce(board));
    button.disabled = false;
  };
  button.addEventListener("click", askAgain);
  await askAgain();
}
