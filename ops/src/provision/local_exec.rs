//! The `local-exec` provisioner: a command on this machine.

use std::io::{BufRead as _, BufReader, PipeReader, Read as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;
use terrane_value::{Kind, Value};

/// The longest piece of a line that is passed on at once.
const MAX_LINE: u64 = 64 * 1024;
/// How much of the output an error message repeats.
const MAX_QUOTED: usize = 8 * 1024;
/// How often it is looked whether the command has ended, or is to end.
const TICK: Duration = Duration::from_millis(100);
/// How long output is still read after the command has ended: something that it left in the background may hold the pipe open.
const LINGER: Duration = Duration::from_secs(5);

/// A command to run.
#[derive(Debug)]
pub(super) struct Command {
    command: String,
    interpreter: Vec<String>,
    working_dir: Option<String>,
    environment: Vec<(String, String)>,
    /// Do not show the command itself.
    quiet: bool,
}

impl Command {
    /// Reads the arguments of the block.
    pub(super) fn from_config(config: &Value) -> Result<Self, String> {
        let command = text(config, "command").unwrap_or_default();
        if command.is_empty() {
            return Err(String::from("The command must be a non-empty string."));
        }
        let mut interpreter: Vec<String> = config
            .get("interpreter")
            .map(Value::children)
            .unwrap_or_default()
            .iter()
            .map(|word| {
                word.unmarked()
                    .as_str()
                    .map(str::to_owned)
                    .ok_or("The interpreter must not hold null.")
            })
            .collect::<Result<_, _>>()?;
        if interpreter.is_empty() {
            interpreter = default_interpreter();
        }
        let mut environment = Vec::new();
        if let Some(Kind::Map(map)) = config
            .get("environment")
            .map(|value| value.unmarked().kind())
        {
            for (name, value) in map.iter() {
                let Some(value) = value.unmarked().as_str() else {
                    continue;
                };
                if name.is_empty() || name.contains(['=', '\0']) {
                    return Err(format!(
                        "{name:?} can't be the name of an environment variable."
                    ));
                }
                environment.push((name.to_string(), value.to_owned()));
            }
        }
        Ok(Self {
            command,
            interpreter,
            working_dir: text(config, "working_dir").filter(|dir| !dir.is_empty()),
            environment,
            quiet: config
                .get("quiet")
                .and_then(|quiet| quiet.unmarked().as_bool())
                .unwrap_or(false),
        })
    }

    /// Runs it to its end, handing on its output line by line. `secret`: its text must not be repeated. `stop`: whether it is to be killed.
    pub(super) fn run(
        &self,
        secret: bool,
        mut say: impl FnMut(&str),
        stop: impl Fn() -> bool,
    ) -> Result<(), String> {
        let words: Vec<&str> = self
            .interpreter
            .iter()
            .map(String::as_str)
            .chain([self.command.as_str()])
            .collect();
        if self.quiet {
            say("local-exec: Executing: Suppressed by quiet=true");
        } else {
            let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
            say(&format!("Executing: [{}]", quoted.join(" ")));
        }
        let mut output = String::new();
        let problem = match self.execute(&words, &mut output, &mut say, &stop) {
            Ok(None) => return Ok(()),
            Ok(Some(problem)) => problem,
            Err(error) => crate::files::why(&error),
        };
        if secret {
            return Err(format!(
                "Error running the command: {problem}. The command and its output are not shown, since they may hold sensitive values."
            ));
        }
        Err(format!(
            "Error running command '{}': {problem}. Output: {output}",
            self.command
        ))
    }

    /// `None`: it succeeded; else how it ended.
    fn execute(
        &self,
        words: &[&str],
        output: &mut String,
        say: &mut impl FnMut(&str),
        stop: &impl Fn() -> bool,
    ) -> std::io::Result<Option<String>> {
        let (reader, writer) = std::io::pipe()?;
        let [program, arguments @ ..] = words else {
            return Ok(Some(String::from("there is no program to run")));
        };
        let mut command = std::process::Command::new(program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        if let Some(dir) = &self.working_dir {
            if !std::path::Path::new(dir).is_dir() {
                return Ok(Some(format!("chdir {dir}: no such directory")));
            }
            command.current_dir(dir);
        }
        let mut child = command.spawn()?;
        // The command keeps this process' ends of the pipe open until it is dropped.
        drop(command);
        let lines = read_lines(reader);
        let mut killed = false;
        let mut pause = Duration::from_micros(100);
        let status = loop {
            let line = lines.recv_timeout(TICK);
            if let Ok(line) = &line {
                take(line, output, say);
            }
            if !killed && stop() {
                killed = true;
                child.kill()?;
            }
            if line.is_ok() {
                continue;
            }
            if let Some(status) = child.try_wait()? {
                while let Ok(line) = lines.recv_timeout(LINGER) {
                    take(&line, output, say);
                }
                break status;
            }
            // It has closed its output: mostly since it ends just now. If it goes on, there is nothing that would wake this loop.
            if line == Err(mpsc::RecvTimeoutError::Disconnected) {
                std::thread::sleep(pause);
                pause = (pause * 2).min(TICK);
            }
        };
        if killed && !status.success() {
            return Ok(Some(String::from("interrupted")));
        }
        Ok((!status.success()).then(|| match status.code() {
            Some(code) => format!("exit status {code}"),
            None => format!("{status}"),
        }))
    }
}

fn take(line: &str, output: &mut String, say: &mut impl FnMut(&str)) {
    say(line);
    output.push_str(line);
    output.push('\n');
    if output.len() > 2 * MAX_QUOTED {
        let mut cut = output.len() - MAX_QUOTED;
        while !output.is_char_boundary(cut) {
            cut += 1;
        }
        output.drain(..cut);
    }
}

/// Reads lines on a thread of its own, so that the wait for them can be given up.
fn read_lines(reader: PipeReader) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']).to_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    receiver
}

fn default_interpreter() -> Vec<String> {
    if cfg!(windows) {
        vec![String::from("cmd"), String::from("/C")]
    } else {
        vec![String::from("/bin/sh"), String::from("-c")]
    }
}

fn text(config: &Value, name: &str) -> Option<String> {
    config.get(name)?.unmarked().as_str().map(str::to_owned)
}

/// A word as a quoted string with escapes, so that one line stays one line.
fn quote(word: &str) -> String {
    let mut out = String::from("\"");
    for char in word.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char.is_control() => {
                let escape = format!("\\x{:02x}", u32::from(char));
                out.push_str(&escape);
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::Command;
    use std::cell::Cell;
    use std::sync::Mutex;
    use terrane_value::{Type, Value};

    fn run(config: Value, secret: bool) -> (Result<(), String>, Vec<String>) {
        let lines = Mutex::new(Vec::new());
        let outcome = Command::from_config(&config).and_then(|command| {
            command.run(
                secret,
                |line| lines.lock().unwrap().push(line.into()),
                || false,
            )
        });
        (outcome, lines.into_inner().unwrap())
    }

    fn config(command: &str) -> Value {
        Value::object([
            ("command", Value::string(command)),
            ("interpreter", Value::null(Type::list(Type::String))),
            (
                "environment",
                Value::map(
                    Type::String,
                    [("WORD".into(), Value::string("from env"))].into(),
                ),
            ),
            ("working_dir", Value::string("/")),
            ("quiet", Value::null(Type::Bool)),
        ])
    }

    #[test]
    fn output_comes_line_by_line_from_both_streams() {
        let (outcome, lines) = run(config("echo \"$WORD\"; pwd >&2; printf end"), false);
        assert_eq!(outcome, Ok(()));
        assert_eq!(
            lines,
            [
                r#"Executing: ["/bin/sh" "-c" "echo \"$WORD\"; pwd >&2; printf end"]"#,
                "from env",
                "/",
                "end"
            ]
        );
    }

    #[test]
    fn a_failure_repeats_the_output_unless_it_is_secret() {
        let (outcome, _) = run(config("echo told; exit 3"), false);
        assert_eq!(
            outcome,
            Err("Error running command 'echo told; exit 3': exit status 3. Output: told\n".into())
        );
        let (outcome, _) = run(config("echo canary; exit 3"), true);
        let message = outcome.unwrap_err();
        assert!(!message.contains("canary"), "{message}");
    }

    #[test]
    fn an_interrupt_kills() {
        let command = Command::from_config(&config("echo begun; exec tail -f /dev/null")).unwrap();
        let begun = Cell::new(false);
        let say = |line: &str| begun.set(begun.get() || line == "begun");
        let outcome = command.run(false, say, || begun.get());
        assert!(outcome.unwrap_err().contains("interrupted"));
    }

    #[test]
    fn an_empty_command_is_refused() {
        assert!(run(config(""), false).0.is_err());
    }
}
