// Tells in a product that a payment failed: docs/standing.md
(() => {
const me = document.currentScript;
const TEXTS = {
	label: "Payment",
	failing: "Your last payment failed. Please pay {amount}.",
	grace: "Please pay {amount} before {until} to keep your access.",
	processing: "Your payment is being processed.",
	title: "Your access has ended",
	ended: "Please pay {amount} to get it back.",
	pay: "Pay now",
	close: "Close",
};
const STYLE = `section,dialog{font:1rem/1.5 system-ui;color:#123;background:#fff4d6}
section{position:fixed;z-index:9999;inset:0 0 auto;display:flex;gap:1em;align-items:center;justify-content:center}
dialog{padding:2em;background:#fff;text-align:center}
dialog::backdrop{background:#123c}
a,button{padding:.4em 1em;background:#14c;color:#fff}`;
let options, token, last, host, wall, link, shown, timer, busy, quick;

const start = (given) => {
	stop();
	options = { url: new URL(me.src).origin, every: 60, ...given };
	token = options.token;
	document.addEventListener("visibilitychange", look);
	look();
};

const stop = () => {
	options = last = busy = quick = undefined;
	clearTimeout(timer);
	document.removeEventListener("visibilitychange", look);
	remove();
};

const look = () => {
	clearTimeout(timer);
	if (!document.hidden && !busy) check(options);
};

const check = async (mine) => {
	busy = true;
	let wait = quick-- > 0 ? 10 : Math.max(mine.every, 15);
	try {
		token ||= await mine.getToken?.();
		const response = token && await fetch(mine.url + "/recovery/v1/standing", {
			headers: { Authorization: "Bearer " + token },
			cache: "no-cache",
		});
		const answer = response.ok && await response.json();
		if (mine !== options) return;
		if (answer) show(answer);
		if (response.status === 401) token = 0;
		wait = Math.max(wait, response.headers.get("Retry-After"));
	} catch {
		// It works without us.
	}
	if (mine !== options) return;
	busy = false;
	timer = setTimeout(look, wait * 1000);
};

const show = (answer) => {
	const { standing, until, as_of, owed, page, processing } = answer;
	const before = last;
	last = standing;
	const hard = standing === "ended" || (standing === "grace" && until <= as_of);
	const state = JSON.stringify([hard, standing, until, owed, processing]);
	const quiet = standing === "good" || (!hard && kept() === state);
	if (quiet || shown !== state) remove();
	if (!quiet && !shown) render(answer, hard, state);
	if (link && page) link.href = page;
	if (before !== standing) tell("standing", answer);
	if (before && before !== "good" && standing === "good") tell("paid", answer);
};

const render = ({ standing, until, owed, page, processing }, hard, state) => {
	const texts = { ...TEXTS, ...options.texts };
	const lang = options.lang || document.documentElement.lang || undefined;
	const amounts = Object.entries(owed || {}).map(([currency, amount]) =>
		(+amount).toLocaleString(lang, { style: "currency", currency }));
	const text = texts[processing ? "processing" : hard ? "ended" : standing]
		.replace("{amount}", amounts.join(" + "))
		.replace("{until}", new Date(until).toLocaleDateString(lang, { dateStyle: "long" }));
	const box = wall = make(hard ? "dialog" : "section", { "aria-label": texts.label });
	if (hard) box.append(make("h2", {}, texts.title));
	box.append(make("p", { role: "status" }, text));
	if (/^https?:/.test(page) && !processing) {
		link = make("a", { href: page, target: "_blank", rel: "noopener" }, texts.pay);
		link.onclick = () => { quick = 60; look(); };
		box.append(link);
	}
	if (hard) {
		box.oncancel = (event) => event.preventDefault();
		// Browsers close it at a second Escape.
		box.onclose = () => box === wall && box.showModal();
	} else {
		const close = make("button", { "aria-label": texts.close }, "\xd7");
		const dismiss = () => { kept(state); remove(); shown = state; };
		close.onclick = dismiss;
		box.onkeydown = (event) => event.key === "Escape" && dismiss();
		box.append(close);
	}
	host = make("recovery-wall");
	const root = host.attachShadow({ mode: "open" });
	// A policy may forbid inline styles.
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(STYLE);
	root.adoptedStyleSheets = [sheet];
	root.append(box);
	document.body.append(host);
	box.showModal?.();
	shown = state;
};

const remove = () => {
	const old = wall;
	wall = link = shown = undefined;
	old?.close?.(); // Gives the focus back.
	host?.remove();
};

// What was dismissed stays so in this tab.
const kept = (state) => {
	try {
		if (state) sessionStorage.recoveryWall = state;
		return sessionStorage.recoveryWall;
	} catch {}
};

const make = (name, attributes, text = "") => {
	const element = document.createElement(name);
	for (const key in attributes) element.setAttribute(key, attributes[key]);
	element.textContent = text;
	return element;
};

const tell = (what, detail) =>
	document.dispatchEvent(new CustomEvent("recovery:" + what, { detail }));

window.RecoveryWall = { start, stop, check: look };
if (me.dataset.token) start({ ...me.dataset });
})();
