//! Audit logs in the database.

use super::Place;
use crate::Layout;
use serde_json::json;
use terrane_store::audit::{AuditError, Draft, append, founded, read};

fn draft(once: &[&str]) -> Draft {
    Draft {
        at_ms: 1,
        who: "ana".to_owned(),
        kind: "apply".to_owned(),
        once: once.iter().map(|name| (*name).to_owned()).collect(),
        body: json!({"text": "it's \"quoted\"\n"}),
    }
}

#[test]
fn logs_are_kept_and_names_are_borne_once() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let store = place.store();
        let audit = store.audit().unwrap();
        assert_eq!(audit.read("default").unwrap(), b"");
        let log = founded(audit, "default", 1, "ana").unwrap();
        append(audit, "default", &[draft(&["plan:p"])]).unwrap();
        let again = place.store();
        let again = again.audit().unwrap();
        assert_eq!(
            founded(again, "default", 2, "bob").unwrap().ledger(),
            log.ledger()
        );
        let used = append(again, "default", &[draft(&["plan:p"])]);
        assert!(matches!(used, Err(AuditError::Used(_))));
        assert_eq!(
            again.secret("default").unwrap(),
            audit.secret("default").unwrap()
        );
        assert_ne!(
            again.secret("other").unwrap(),
            audit.secret("default").unwrap()
        );
        assert_eq!(read(again, "other").unwrap().entries.len(), 0);
    }
}

#[test]
fn several_write_one_log() {
    let place = Place::new(Layout::Rows);
    founded(place.store().audit().unwrap(), "default", 1, "ana").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let store = place.store();
            scope.spawn(move || {
                for _ in 0..5 {
                    append(store.audit().unwrap(), "default", &[draft(&[])]).unwrap();
                }
            });
        }
    });
    let store = place.store();
    assert_eq!(
        read(store.audit().unwrap(), "default")
            .unwrap()
            .entries
            .len(),
        21
    );
    place.psql("UPDATE terraform_remote_state.terrane_audit SET line = replace(line, '\"who\":\"ana\"', '\"who\":\"bob\"') WHERE seq = 7");
    let damaged = read(store.audit().unwrap(), "default");
    assert!(matches!(damaged, Err(AuditError::Damaged(damage)) if damage.line == 8));
}
