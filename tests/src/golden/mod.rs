//! Golden cases: stories of a configuration, what is done with it, and what must come of it.
//!
//! A case is a folder with `story.txt` and `expected.txt`. A story is lines of commands, each beginning with `--- `:
//!
//! | command | meaning |
//! |---|---|
//! | `file PATH` | the lines up to the next command are this file (`main.tf`, `child/main.tf`) |
//! | `drop PATH` | the file is removed |
//! | `plan OPTIONS` | plans and shows the plan |
//! | `apply OPTIONS` | plans, shows, applies, and shows what is there afterwards |
//! | `world set ADDRESS ATTRIBUTE VALUE` | somebody else changes the object (a JSON value) |
//! | `world remove ADDRESS` | somebody else deletes the object |
//! | `fault OPERATION TYPE FAULT` | the next such call goes wrong |
//! | `taint ADDRESS` | the object is marked as to be replaced |
//! | `keep NAME ADDRESS` | from here on `{{NAME}}` stands for the id of the object |
//! | `keep NAME newest TYPE` | the same for the object that was made last, which state may not know |
//! | `world forgets tokens` | from the beginning of the story: providers can't tell after a crash what happened |
//! | `import ADDRESS ID` | takes the object with this id into the state, as `terrane import` does |
//! | `crash N` | the next `apply` dies after so many actions |
//! | `store fails after N`, `store works` | commits fail after so many, or work again |
//!
//! Options: `-destroy`, `-refresh-only`, `-refresh=false`, `-target=`, `-exclude=`, `-replace=`, `-allow-deferral`, `-generate` (shows the
//! configuration that is written for imports without one).

mod show;
mod story;

pub use show::{describe_plan, describe_state};
pub use story::run;
