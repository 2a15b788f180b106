//! The jsonschema crate, measured; measure/contest.py tells what is said.
//!
//!     validate SCHEMA... -- DOCUMENT...

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use jsonschema::Validator;
use serde_json::Value;

struct Runner {
    validators: Vec<Validator>,
    texts: Vec<Vec<u8>>,
    values: Vec<Value>,
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn parse(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}

impl Runner {
    fn new(schemas: &[String], documents: &[String]) -> Runner {
        let texts: Vec<_> = documents.iter().map(|path| read(path)).collect();
        let values = texts.iter().map(|text| parse(text)).collect();
        let validators = schemas
            .iter()
            .map(|path| {
                jsonschema::validator_for(&parse(&read(path)))
                    .unwrap_or_else(|why| panic!("{path}: {why}"))
            })
            .collect();
        Runner { validators, texts, values }
    }

    fn valid(&self, value: &Value) -> bool {
        self.validators.iter().all(|one| one.is_valid(value))
    }

    fn check_all(&self, begin: usize, end: usize) {
        for value in &self.values[begin..end] {
            black_box(self.valid(black_box(value)));
        }
    }

    fn parse_all(&self, begin: usize, end: usize) {
        for text in &self.texts[begin..end] {
            black_box(self.valid(&parse(black_box(text))));
        }
    }

    fn answer(&self, words: &[&str]) -> String {
        let number = |at: usize| words[at].parse::<usize>().expect("a number");

        match words[0] {
            "version" => version().to_string(),
            "verdicts" => self
                .values
                .iter()
                .map(|value| if self.valid(value) { '1' } else { '0' })
                .collect(),
            "check" => timed(number(2), number(3), || {
                self.check_all(number(1), number(1) + number(2))
            }),
            "parse" => timed(number(2), number(3), || {
                self.parse_all(number(1), number(1) + number(2))
            }),
            _ => "?".to_string(),
        }
    }
}

/// The crate does not tell its own.
fn version() -> &'static str {
    let mut quoted = include_str!("../Cargo.toml").split("jsonschema = ");
    let pinned = quoted.nth(1).expect("the crate").split('"').nth(1);

    pinned.expect("its version").trim_start_matches('=')
}

fn timed(count: usize, milliseconds: usize, pass: impl Fn()) -> String {
    let wanted = Duration::from_millis(milliseconds as u64);
    let mut took = Duration::ZERO;
    let mut passes = 0.0;
    let mut batch = 1.0;
    let start = Instant::now();

    while took < wanted {
        for _ in 0..batch as u64 {
            pass();
        }
        passes += batch;
        took = start.elapsed();
        // some twenty looks at the clock
        batch = (passes * wanted.as_secs_f64() / took.as_secs_f64() / 20.0)
            .floor()
            .max(1.0);
    }
    format!("{:.1}", took.as_secs_f64() * 1e9 / passes / count as f64)
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let border = given.iter().position(|word| word == "--").expect("--");
    let runner = Runner::new(&given[..border], &given[border + 1..]);
    let mut out = std::io::stdout().lock();

    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();

        writeln!(out, "{}", runner.answer(&words)).expect("standard output");
        out.flush().expect("standard output");
    }
}
