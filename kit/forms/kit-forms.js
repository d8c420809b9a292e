// kit-forms: check a form in the browser by the rules of its class. The server checks again; this only saves a journey.
// <script type="module" src="/static/kit-forms.js"></script>, and ${form.client()} inside the form. No dependencies.

const length = (text) => [...text].length;
const given = (v) => v !== null && v !== undefined && v !== false && v !== "" && !(Array.isArray(v) && !v.length);
const same = (a, b) => a === b || (Array.isArray(a) && JSON.stringify(a) === JSON.stringify(b));
const compare = (a, b) => (a === null || b === null || a === undefined || b === undefined ? NaN : a < b ? -1 : a > b ? 1 : 0);
const multiple = (v, b) => (typeof v === "bigint" ? v % b === 0n : v % b === 0);

// -- made from kit.forms by `python -m kit.forms.client`
const CHECKS = {
  "minLength": ["min", "too_short", (v, b) => length(v) >= b],
  "maxLength": ["max", "too_long", (v, b) => length(v) <= b],
  "pattern": ["pattern", "pattern", (v, b) => new RegExp(b, 'vs').test(v)],
  "minItems": ["min", "too_few", (v, b) => v.length >= b],
  "maxItems": ["max", "too_many", (v, b) => v.length <= b],
  "minimum": ["ge", "too_small", (v, b) => compare(v, b) >= 0],
  "formatMinimum": ["ge", "too_small", (v, b) => compare(v, b) >= 0],
  "exclusiveMinimum": ["gt", "not_above", (v, b) => compare(v, b) > 0],
  "formatExclusiveMinimum": ["gt", "not_above", (v, b) => compare(v, b) > 0],
  "maximum": ["le", "too_large", (v, b) => compare(v, b) <= 0],
  "formatMaximum": ["le", "too_large", (v, b) => compare(v, b) <= 0],
  "exclusiveMaximum": ["lt", "not_below", (v, b) => compare(v, b) < 0],
  "formatExclusiveMaximum": ["lt", "not_below", (v, b) => compare(v, b) < 0],
  "multipleOf": ["step", "step", (v, b) => multiple(v, b)],
  "x-multipleOf": ["step", "step", (v, b) => multiple(v, b)],
};
const SHAPES = {
  email: [/^(?:[A-Za-z0-9.!#$%&'*+\/=?^_`{|}~\-]+@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?)*)$/u, 254],
  url: [/^(?:https?:\/\/[^\x00-\x20\x7f"<>\\^`{|}\/?#@]+(?:[\/?#][^\x00-\x20\x7f"<>\\^`{|}]*)?)$/u, 2000],
  slug: [/^(?:[a-z0-9]+(?:-[a-z0-9]+)*)$/u, 200],
  uuid: [/^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/u, 2000],
};
const RULES = {
  equal: (v, o, b) => same(v, o),
  different: (v, o, b) => !same(v, o) || !given(v),
  after: (v, o, b) => v === null || o === null || compare(v, o) > 0,
  required_if: (v, o, b) => !same(o, b) || given(v),
  required_with: (v, o, b) => !given(o) || given(v),
};
// -- end

const NUMBER = /^[+\-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+\-]?[0-9]{1,3})?$/;
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]/u;

class Wrong extends Error {
  constructor(code, params = {}) {
    super(code);
    Object.assign(this, { code, params });
  }
}

const day = (text) => {
  const [y, m, d] = text.split("-").map(Number);
  const date = new Date(0);
  date.setUTCFullYear(y, m - 1, d);
  if (y < 1 || date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) throw new Wrong("date");
  return text;
};
const time = (text) => {
  const [h, m, s = "0"] = text.split(":");
  if (h > 23 || m > 59 || Number(s) >= 60) throw new Wrong("time");
  const [whole, part = ""] = s.split(".");
  return `${h}:${m}:${whole.padStart(2, "0")}.${part.padEnd(3, "0")}`;
};

// a decimal as a whole number of its last places, so that nothing is rounded
function decimal(text, places, digits) {
  if (text.length > 400 || !NUMBER.test(text)) throw new Wrong("number");
  const [, sign, whole, part = "", exponent = "0"] = /^([+\-]?)([0-9]*)(?:\.([0-9]+))?(?:[eE](.+))?$/.exec(text);
  const shift = Number(exponent) - part.length + places;
  let number = BigInt(whole + part);
  if (shift < 0) {
    const spare = 10n ** BigInt(-shift);
    if (number % spare) throw new Wrong("places", { places });
    number /= spare;
  } else number *= 10n ** BigInt(shift);
  if (number.toString().length > digits && number) throw new Wrong("number");
  return sign === "-" ? -number : number;
}

const READ = {
  string: (text, schema) => {
    const clean = text.replace(/\r\n?/g, "\n");
    if (CONTROL.test(clean) || (schema.format !== "lines" && /[\n\t]/.test(clean))) throw new Wrong("characters");
    return clean;
  },
  integer: (text) => {
    if (!/^[+\-]?[0-9]+$/.test(text) || text.length >= 30) throw new Wrong("integer");
    const number = BigInt(text.replace("+", ""));
    if (BigInt.asIntN(64, number) !== number) throw new Wrong("integer");
    return number;
  },
  number: (text) => {
    if (text.length > 400 || !NUMBER.test(text) || !Number.isFinite(Number(text))) throw new Wrong("number");
    return Number(text);
  },
  boolean: (text) => {
    if (["on", "true", "1", "yes"].includes(text)) return true;
    if (["", "off", "false", "0", "no"].includes(text)) return false;
    throw new Wrong("type");
  },
  decimal: (text, schema) => decimal(text, schema["x-places"], schema["x-digits"]),
  date: (text) => {
    if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) throw new Wrong("date");
    return day(text);
  },
  time: (text) => {
    if (!/^[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?$/.test(text)) throw new Wrong("time");
    return time(text);
  },
  // what moment a local time is depends on the server's zone, so only its form is checked here
  "date-time": (text) => {
    const found = /^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?)$/.exec(text);
    try {
      day(found[1]);
      time(found[2]);
    } catch {
      throw new Wrong("date-time");
    }
    return undefined;
  },
};

const kind = (schema) => [].concat(schema.type ?? [])[0];
const strip = (schema, text) => (schema["x-strip"] === false ? text : text.trim());

function read(schema, text) {
  if (schema.type === "array") {
    const values = [].concat(text).filter((one) => one !== "").map((one) => read(schema.items, one));
    if (new Set(values).size < values.length) throw new Wrong("duplicate");
    return values;
  }
  if (schema.enum) {
    if (!schema.enum.some((one) => one !== null && String(one) === text)) throw new Wrong("choice");
    return text;
  }
  const shape = SHAPES[schema.format];
  if (shape && (text.length > shape[1] || !shape[0].test(text))) throw new Wrong(schema.format);
  return (READ[schema.format] ?? READ[kind(schema)] ?? ((raw) => raw))(text, schema);
}

function bound(schema, b, word) {
  if (typeof b === "string" && word !== "pattern") return read(schema, b);
  return typeof b === "number" && kind(schema) === "integer" ? BigInt(b) : b;
}

/** One input: {value} or {code, params}, as kit.forms would say. */
export function checkField(schema, raw) {
  let text = raw ?? "";
  if (Array.isArray(text) && schema.type !== "array") return { code: "duplicate", params: {} };
  if (typeof text !== "string" && !Array.isArray(text)) return { value: text }; // a file
  if (typeof text === "string") text = strip(schema, text);
  if (!text.length && kind(schema) !== "boolean" && schema.type !== "array") {
    return schema["x-required"] ? { code: "required", params: {} } : { value: [].concat(schema.type).includes("null") ? null : "" };
  }
  try {
    const value = read(schema, text);
    if (schema["x-required"] && value === false) throw new Wrong("required");
    for (const [word, [name, code, holds]] of Object.entries(CHECKS)) {
      const b = word in schema && value !== undefined ? bound(schema, schema[word], word) : undefined;
      if (b !== undefined && !holds(value, b)) throw new Wrong(code, { [name]: schema[word] });
    }
    return { value };
  } catch (wrong) {
    if (!(wrong instanceof Wrong)) throw wrong;
    return { code: wrong.code, params: wrong.params };
  }
}

const isRows = (schema) => schema.type === "array" && !("uniqueItems" in schema);

function empty(schema, raw, root) {
  schema = resolve(schema, root, raw);
  if (schema.properties) return Object.entries(schema.properties).every(([name, inner]) => name === "_kind" || empty(inner, raw?.[name], root));
  if (isRows(schema)) return Object.values(raw ?? {}).every((row) => empty(schema.items, row, root));
  if (typeof raw !== "string") return raw === undefined;
  return !raw.trim() || (Boolean(schema.default) && raw === String(schema.default));
}

const resolve = (schema, root, raw) => {
  if (schema.oneOf) schema = schema.oneOf.find((one) => one.properties._kind.const === raw?._kind) ?? schema.oneOf[0];
  schema = schema.anyOf ? schema.anyOf[0] : schema;
  return schema.$ref ? (schema.$ref === "#" ? root : root.$defs[schema.$ref.split("/").pop()]) : schema;
};

/** A whole form as a tree of names: [[path, code, params, text], …], as kit.forms would say. */
export function checkForm(schema, tree, prefix = "", root = schema) {
  const errors = [];
  const values = {};
  for (const [name, outer] of Object.entries(schema.properties)) {
    if (name === "_kind") continue;
    const [part, path, raw] = [resolve(outer, root), prefix + name, tree?.[name]];
    const say = (code, params) => errors.push([path, code, params, part["x-errors"]?.[code] ?? code]);
    if (part.properties) {
      if (!(outer.anyOf && empty(part, raw, root))) errors.push(...checkForm(part, raw ?? {}, path + ".", root));
    } else if (isRows(part)) {
      const rows = Object.entries(raw ?? {});
      const blank = rows.filter(([, row]) => empty(part.items, row, root));
      const spare = blank.slice(Math.max(0, part.minItems - (rows.length - blank.length)));
      const kept = rows.filter((row) => !spare.includes(row));
      if (kept.length > part.maxItems) say("too_many", { max: part.maxItems });
      else {
        for (const [key, row] of kept) {
          const item = resolve(part.items, root, row);
          if (item.properties) errors.push(...checkForm(item, row, `${path}.${key}.`, root));
          else {
            const { code, params } = checkField(item, row);
            if (code) errors.push([`${path}.${key}`, code, params, item["x-errors"]?.[code] ?? code]);
          }
        }
        if (kept.length < part.minItems) say("too_few", { min: part.minItems });
      }
    } else {
      const found = checkField(part, raw);
      if (found.code) say(found.code, found.params);
      else values[name] = found.value;
    }
  }
  for (const { rule, field, other, bound: b, code, text } of schema["x-rules"] ?? []) {
    if (!(field in values) || !(other in values)) continue;
    const wanted = b === null ? null : bound(schema.properties[other], b);
    if (!RULES[rule](values[field], values[other], wanted)) errors.push([prefix + field, code, {}, text ?? code]);
  }
  return errors;
}

/** The tree of names of a form element's inputs. */
export function treeOf(form) {
  const tree = {};
  for (const [name, value] of new FormData(form)) {
    const path = name.split(".");
    if (name.startsWith("_")) continue;
    const last = path.pop();
    const level = path.reduce((inner, step) => (inner[step] ??= {}), tree);
    level[last] = last in level ? [].concat(level[last], value) : value;
  }
  return tree;
}

function show(form, scope, errors) {
  for (const old of form.querySelectorAll("[data-kit-error]")) old.remove();
  for (const input of form.querySelectorAll('[aria-invalid="true"]')) input.removeAttribute("aria-invalid");
  for (const [path, , , text] of errors) {
    const input = document.getElementById(scope + path);
    if (!input || document.getElementById(`${scope}${path}-js`)) continue;
    const note = Object.assign(document.createElement("p"), { id: `${scope}${path}-js`, className: "error", textContent: text });
    note.dataset.kitError = "";
    (input.matches("fieldset") ? input.querySelector("legend") : input).after(note);
    if (!input.matches("fieldset")) input.setAttribute("aria-invalid", "true");
    const known = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.endsWith("-js"));
    input.setAttribute("aria-describedby", [...known, note.id].join(" "));
  }
  const first = errors.map(([path]) => document.getElementById(scope + path)).find(Boolean);
  (first?.matches("fieldset") ? first.querySelector("input, button") : first)?.focus();
}

/** Check `form` when it is sent, and show what is wrong beside its inputs. */
export function enhance(form, { schema, scope }) {
  form.noValidate = true; // the same rules in the same words, instead of the browser's own
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formNoValidate) return; // a button that adds or removes a row
    const errors = checkForm(schema, treeOf(form));
    show(form, scope, errors);
    if (errors.length) event.preventDefault();
  });
}

if (typeof document !== "undefined") {
  for (const data of document.querySelectorAll("script[data-kit-form]")) enhance(data.closest("form"), JSON.parse(data.textContent));
}
