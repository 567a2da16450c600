//! Random scripts that follow from a seed: everything of the language, in small, with as many errors
//! as a careless author makes. They end, stay small, and show no addresses.

/// A small generator of random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// The script of a seed.
pub fn script(seed: u64) -> String {
    let mut writer = Writer {
        random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        text: String::new(),
        locals: Vec::new(),
        next_local: 0,
        depth: 0,
        loops: 0,
        in_vararg: true,
    };
    for _ in 0..5 {
        writer.random.below(2);
    }
    writer.line("local log = {}");
    writer.block(9);
    let results = writer.list(4);
    writer.text + "return log, " + &results
}

const NUMBERS: &[&str] = &[
    "0", "1", "2", "3", "-1", "10", "0.5", "1.5", "-2.25", "100", "1e3", "1e15", "0x1f", "2^53",
    "1e-3", "255", "-0", "7",
];
const STRINGS: &[&str] = &[
    "''",
    "'a'",
    "'abc'",
    "'10'",
    "'0x10'",
    "' 5 '",
    "'x y z'",
    "'hello world'",
    "'a,b,c'",
    "'k'",
    "'1e2'",
    "'\\0z'",
    "[[q]]",
    "'%d'",
    "'[a'",
    "'key=val'",
];
const PATTERNS: &[&str] = &[
    "'a'",
    "'.'",
    "'%w+'",
    "'%d*'",
    "'(%a)(%w*)'",
    "'^h'",
    "'o$'",
    "'[a-c]+'",
    "'%s'",
    "'.-b'",
    "'()'",
    "'%f[%w]%w+'",
    "'[^,]+'",
    "'(.)%1'",
    "'%b()'",
    "'(a'",
    "'[a'",
    "'%'",
    "'l?o'",
    "'x*'",
];
const FORMATS: &[&str] = &[
    "'%d'",
    "'%5.2f|%s'",
    "'%s'",
    "'%q'",
    "'%x'",
    "'%g'",
    "'%-5d|'",
    "'%c'",
    "'%05d'",
    "'%e'",
    "'%i%%'",
    "'%10s|'",
];
const FIELDS: &[&str] = &["x", "y", "n", "key", "f"];

struct Writer {
    random: Random,
    text: String,
    locals: Vec<String>,
    next_local: usize,
    depth: usize,
    loops: usize,
    in_vararg: bool,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text += line;
        self.text += if self.random.below(6) == 0 { "\n" } else { " " };
    }

    fn fresh(&mut self) -> String {
        self.next_local += 1;
        // A name that is in use hides another one.
        if self.next_local > 3 && self.random.below(5) == 0 {
            return format!("v{}", self.random.below(self.next_local));
        }
        format!("v{}", self.next_local)
    }

    fn local(&mut self) -> String {
        if self.locals.is_empty() || self.random.below(40) == 0 {
            return self.random.of(&["nothing", "string", "math", "table"]).to_owned();
        }
        let at = self.random.below(self.locals.len());
        self.locals[at].clone()
    }

    fn block(&mut self, statements: usize) {
        let outside = self.locals.len();
        let count = 1 + self.random.below(statements);
        for _ in 0..count {
            self.statement();
        }
        if self.depth > 0 {
            self.locals.truncate(outside);
        }
    }

    fn nested(&mut self) {
        self.depth += 1;
        self.block(3);
        self.depth -= 1;
    }

    /// A statement, often one whose error is noted and does not end the script.
    fn statement(&mut self) {
        if self.random.below(3) == 0 {
            return self.bare_statement();
        }
        self.text += "log[#log + 1] = {pcall(function(...) ";
        let (vararg, outside) = (std::mem::replace(&mut self.in_vararg, true), self.locals.len());
        self.bare_statement();
        self.in_vararg = vararg;
        self.locals.truncate(outside);
        self.line("end)}");
    }

    fn bare_statement(&mut self) {
        match self.random.below(if self.depth > 2 { 8 } else { 18 }) {
            0..=2 => self.declare(),
            3 | 4 => {
                let (target, value) = (self.target(), self.expression(3));
                self.line(&format!("{target} = {value}"));
            }
            5 => {
                let (first, second, values) = (self.target(), self.target(), self.list(3));
                self.line(&format!("{first}, {second} = {values}"));
            }
            6 => {
                let call = self.call(2);
                self.line(&format!("local _ = {call}"));
            }
            7 => {
                let (local, value) = (self.local(), self.expression(2));
                self.line(&format!(
                    "if type({local}) == 'table' then {local}[#{local} + 1] = {value} end"
                ));
            }
            8 | 9 => self.branch(),
            10 | 11 => self.numeric_for(),
            12 => self.generic_for(),
            13 => self.while_loop(),
            14 | 15 => self.function(),
            16 => self.object(),
            _ => {
                self.text += "do ";
                self.nested();
                self.line("end");
            }
        }
    }

    fn declare(&mut self) {
        let value = self.expression(3);
        let name = self.fresh();
        if self.random.below(4) == 0 {
            let (second, values) = (self.fresh(), self.list(3));
            self.line(&format!("local {name}, {second} = {values}"));
            self.locals.push(second);
        } else {
            let caught = self.random.below(2) == 0;
            let value = if caught {
                format!("select(2, pcall(function(...) return {value} end))")
            } else {
                value
            };
            self.line(&format!("local {name} = {value}"));
        }
        self.locals.push(name);
    }

    fn target(&mut self) -> String {
        let local = self.local();
        match self.random.below(5) {
            0 => format!("{local}.{}", self.random.of(FIELDS)),
            1 => format!("{local}[{}]", self.expression(1)),
            _ => local,
        }
    }

    fn branch(&mut self) {
        let condition = self.expression(3);
        self.text += &format!("if {condition} then ");
        self.nested();
        if self.random.below(3) == 0 {
            let condition = self.expression(2);
            self.text += &format!("elseif {condition} then ");
            self.nested();
        }
        if self.random.below(2) == 0 {
            self.text += "else ";
            self.nested();
        }
        self.line("end");
    }

    fn in_loop(&mut self, names: &[String]) {
        self.loops += 1;
        let outside = self.locals.len();
        self.locals.extend_from_slice(names);
        self.nested();
        self.locals.truncate(outside);
        self.loops -= 1;
        if self.random.below(5) == 0 {
            let condition = self.expression(2);
            self.text += &format!("if {condition} then break end ");
        }
        self.line("end");
    }

    fn numeric_for(&mut self) {
        let name = self.fresh();
        let (start, limit, step) = (
            self.random.of(&["1", "0", "3", "-1", "'2'"]),
            self.random.of(&["3", "4", "0", "2.5"]),
            self.random.of(&["", ", 2", ", -1", ", 0.5"]),
        );
        self.text += &format!("for {name} = {start}, {limit}{step} do ");
        self.in_loop(&[name]);
    }

    fn generic_for(&mut self) {
        let (key, value, table) = (self.fresh(), self.fresh(), self.expression(2));
        let iterate = self.random.of(&["pairs", "ipairs", "pairs", "next,"]);
        match iterate {
            "next," => self.text += &format!("for {key}, {value} in next, {table} do "),
            _ => self.text += &format!("for {key}, {value} in {iterate}({table}) do "),
        }
        self.in_loop(&[key, value]);
    }

    fn while_loop(&mut self) {
        self.next_local += 1;
        let counter = format!("c{}", self.next_local);
        let condition = self.expression(2);
        self.text += &format!(
            "local {counter} = 0 while {counter} < 3 and ({condition}) ~= nil do {counter} = {counter} + 1 "
        );
        self.in_loop(&[]);
    }

    fn function(&mut self) {
        let name = self.fresh();
        let vararg = self.random.below(3) == 0;
        let parameters = [self.fresh(), self.fresh()];
        let list = parameters.join(", ");
        self.text +=
            &format!("local function {name}({list}{}) ", if vararg { ", ..." } else { "" });
        let (outer_vararg, outside) =
            (std::mem::replace(&mut self.in_vararg, vararg), self.locals.len());
        self.locals.extend(parameters);
        self.nested();
        let results = self.list(3);
        self.locals.truncate(outside);
        self.in_vararg = outer_vararg;
        self.line(&format!("return {results} end"));
        self.locals.push(name);
    }

    fn object(&mut self) {
        let (name, value) = (self.fresh(), self.expression(2));
        let event = self.random.of(&[
            "__index",
            "__newindex",
            "__add",
            "__sub",
            "__mul",
            "__div",
            "__mod",
            "__pow",
            "__concat",
            "__eq",
            "__lt",
            "__le",
            "__call",
            "__unm",
            "__len",
        ]);
        self.text += &format!(
            "local {name} = setmetatable({{x = 1, 5}}, {{{event} = function(a, b, c) return {value} end}})"
        );
        self.line("");
        self.locals.push(name);
    }

    fn list(&mut self, most: usize) -> String {
        let count = 1 + self.random.below(most);
        let items: Vec<String> = (0..count).map(|_| self.expression(2)).collect();
        items.join(", ")
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.atom();
        }
        let depth = depth - 1;
        match self.random.below(15) {
            0..=3 => self.atom(),
            4 => format!(
                "({} {} {})",
                self.expression(depth),
                self.random.of(&["+", "-", "*", "/", "%", "^"]),
                self.expression(depth)
            ),
            5 => format!(
                "({} {} {})",
                self.expression(depth),
                self.random.of(&["<", "<=", ">", ">=", "==", "~="]),
                self.expression(depth)
            ),
            6 => format!(
                "({} {} {})",
                self.expression(depth),
                self.random.of(&["and", "or"]),
                self.expression(depth)
            ),
            7 => {
                let joined = format!("({} .. {})", self.expression(depth), self.expression(depth));
                // Nothing grows in a loop.
                if self.loops > 0 { format!("{joined}:sub(1, 9)") } else { joined }
            }
            8 => format!("({}{})", self.random.of(&["not ", "-", "#"]), self.expression(depth)),
            9 => self.table(depth),
            10 => format!("{}.{}", self.local(), self.random.of(FIELDS)),
            11 => format!("{}[{}]", self.local(), self.expression(depth)),
            12 => {
                let outer = std::mem::replace(&mut self.in_vararg, false);
                let body = self.expression(depth);
                self.in_vararg = outer;
                format!("(function(p) return {body} end)")
            }
            _ => self.call(depth),
        }
    }

    fn atom(&mut self) -> String {
        match self.random.below(12) {
            0..=2 => self.random.of(NUMBERS).to_owned(),
            3 | 4 => self.random.of(STRINGS).to_owned(),
            5 => self.random.of(&["nil", "true", "false"]).to_owned(),
            6 if self.in_vararg => "(...)".to_owned(),
            _ => self.local(),
        }
    }

    fn table(&mut self, depth: usize) -> String {
        let mut items = Vec::new();
        for _ in 0..self.random.below(5) {
            let value = self.expression(depth);
            items.push(match self.random.below(4) {
                0 => format!("{} = {value}", self.random.of(FIELDS)),
                1 => format!(
                    "[{}] = {value}",
                    self.random.of(&["1", "2", "'k'", "true", "1.5", "-1", "3", "nil"])
                ),
                _ => value,
            });
        }
        format!("{{{}}}", items.join(", "))
    }

    fn call(&mut self, depth: usize) -> String {
        let of = |writer: &mut Self| writer.expression(depth.min(1));
        let (first, second) = (of(self), of(self));
        let string = |writer: &mut Self| {
            if writer.random.below(3) == 0 {
                writer.local()
            } else {
                writer.random.of(STRINGS).to_owned()
            }
        };
        match self.random.below(26) {
            0..=3 => format!("{}({first}, {second})", self.local()),
            4 => format!("pcall({}, {first}, {second})", self.local()),
            5 => format!(
                "select({}, {first}, {second})",
                self.random.of(&["1", "2", "'#'", "-1", "0", "3"])
            ),
            6 => format!("type({first})"),
            7 => format!("tonumber({first}{})", self.random.of(&["", ", 10", ", 16", ", 2"])),
            8 => format!(
                "{}:sub({}, {})",
                string(self),
                self.random.of(&["1", "2", "-2", "0"]),
                self.random.of(&["1", "-1", "2", "9"])
            ),
            9 => format!(
                "string.find({}, {}{})",
                string(self),
                self.random.of(PATTERNS),
                self.random.of(&["", ", 2", ", -1", ", 1, true"])
            ),
            10 => format!("string.match({}, {})", string(self), self.random.of(PATTERNS)),
            11 => format!(
                "string.gsub({}, {}, {})",
                string(self),
                self.random.of(PATTERNS),
                self.random.of(&["'<%0>'", "'-'", "'%1'", "string.upper", "{a = 'A'}", "''"])
            ),
            12 => format!("string.format({}, {first}, {second})", self.random.of(FORMATS)),
            13 => format!(
                "string.byte({}, {})",
                string(self),
                self.random.of(&["1", "-1", "2", "1, 3"])
            ),
            14 => format!(
                "string.rep({}, {})",
                self.random.of(STRINGS),
                self.random.of(&["0", "1", "2", "3"])
            ),
            15 => format!(
                "{}({})",
                self.random.of(&["string.upper", "string.lower", "string.len", "string.reverse"]),
                string(self)
            ),
            16 => format!("table.concat({first}{})", self.random.of(&["", ", ','", ", '-', 2"])),
            17 => format!("table.remove({first}{})", self.random.of(&["", ", 1", ", 2"])),
            18 => format!("table.insert({first}, {}{second})", self.random.of(&["", "1, ", "2, "])),
            19 => format!(
                "pcall(table.sort, {first}{})",
                self.random.of(&[
                    "",
                    ", function(a, b) return a > b end",
                    ", function(a, b) return true end"
                ])
            ),
            20 => format!("unpack({first}{})", self.random.of(&["", ", 1, 2", ", 2"])),
            21 => format!(
                "math.{}({first})",
                self.random.of(&["floor", "ceil", "abs", "sqrt", "modf", "frexp"])
            ),
            22 => format!(
                "math.{}({first}, {second})",
                self.random.of(&["max", "min", "fmod", "pow", "ldexp"])
            ),
            23 => format!(
                "{}({first})",
                self.random.of(&[
                    "next",
                    "getmetatable",
                    "table.getn",
                    "table.maxn",
                    "ipairs",
                    "assert"
                ])
            ),
            24 => format!("rawget({first}, {second})"),
            _ => format!(
                "pcall(error, {})",
                self.random.of(&["'x'", "5", "nil", "'y', 0", "'z', 2"])
            ),
        }
    }
}
