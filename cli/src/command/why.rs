//! `why`: what leads to a planned action.

use super::{block_on, plan, saved, style, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::why;
use terrane_ops::failure::Failure;
use terrane_ops::model::addr::InstanceAddr;
use terrane_ops::plan::make;
use terrane_ops::ui::Silent;
use terrane_ops::why as operation;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    // The answer itself is JSON.
    app.human_only();
    let Some(text) = parsed.positional.first().cloned() else {
        return app.usage_error(None, "why needs an address: terrane why aws_instance.web");
    };
    let addr: InstanceAddr = match text.parse() {
        Ok(addr) => addr,
        Err(error) => {
            return app.usage_error(
                None,
                &format!("{text} is no address of an object: {error}."),
            );
        }
    };
    let request = match plan::request(parsed, None) {
        Ok(request) => request,
        Err(failure) => return app.show_failure(failure),
    };
    with_session(app, parsed, "why", |app, session| {
        let cause = if let Some(path) = parsed.value("plan") {
            let saved = block_on(saved::load(session, path))?;
            operation::why(&saved.plan, &saved.loaded, &addr)?
        } else {
            let snapshot = plan::settled(app, session, &request)?;
            let made = block_on(async {
                let interrupt = session.attended();
                make(session, &request, snapshot, &interrupt, &mut Silent).await
            })?;
            if made.diagnostics.has_errors() {
                app.show_report(&made.report());
                return Ok(Exit::ERROR);
            }
            operation::why(&made.plan, &made.loaded, &addr)?
        };
        if as_json {
            app.out().print(&format!("{:#}\n", why::document(&cause)));
        } else {
            let mut text = String::new();
            why::human(&mut text, &cause, style(app, parsed).color);
            app.out().print(&text);
        }
        Ok::<_, Failure>(Exit::OK)
    })
}
