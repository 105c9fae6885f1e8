//! `import`.

use super::{block_on, good, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::import::{ImportRequest, run as import};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let mut positional = parsed.positional.iter().cloned();
    let request = ImportRequest {
        address: positional.next().unwrap_or_default(),
        id: positional.next().unwrap_or_default(),
        config: parsed.value("config").map(str::to_owned),
        variables: variables(parsed),
    };
    with_session(app, parsed, "import", |app, session| {
        let report = {
            let mut view = app.view();
            block_on(async {
                let interrupt = session.attended();
                import(session, &request, &interrupt, &mut view).await
            })?
        };
        app.show_report(&report);
        let text = good(app, "Import successful!");
        app.out().print(&format!(
            "\n{text}\n\nThe object is in the state now and will be managed by Terrane from here on.\n\n"
        ));
        Ok(Exit::OK)
    })
}
