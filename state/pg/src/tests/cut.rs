//! Connections that are cut: by the server, and by a network between statement and answer.

use super::Place;
use super::leases::end_sessions;
use crate::Layout;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use terrane_model::addr::InstanceKey;
use terrane_model::event::Event;
use terrane_store::conformance::sample::{instance, set};

fn batch(round: u64) -> Vec<Event> {
    vec![
        set(&instance("fixed", None), &format!("{{\"round\":{round}}}")),
        set(&instance("each", Some(InstanceKey::Int(round))), "{}"),
    ]
}

/// A way to the server that is cut after so many more packets from a client, with or without passing that packet on.
struct Proxy {
    port: u16,
    left: Arc<AtomicU64>,
}

const NEVER: u64 = u64::MAX;

impl Proxy {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicU64::new(NEVER));
        let shared = Arc::clone(&left);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let left = Arc::clone(&shared);
                std::thread::spawn(move || forward(client, server, Some(&left)));
                std::thread::spawn(move || forward(back.0, back.1, None));
            }
        });
        Self { port, left }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, left: Option<&AtomicU64>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(len @ 1..) = from.read(&mut buffer) {
        let cut = left.is_some_and(|left| {
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| match count {
                NEVER | 0 => None,
                count => Some(count - 1),
            }) == Ok(1)
        });
        // Passed on, so that the server does what is asked; but the answer comes no more.
        let passed = to.write_all(&buffer[..len]);
        if cut || passed.is_err() {
            drop(from.shutdown(Shutdown::Both));
            if let Some(left) = left {
                left.store(NEVER, Ordering::SeqCst);
            }
        }
    }
    drop(to.shutdown(Shutdown::Both));
}

#[test]
fn a_cut_between_statement_and_answer_records_a_batch_once() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let proxy = Proxy::before(place.server.port());
        let conn_str = format!(
            "postgres://terrane@127.0.0.1:{}/{}?sslmode=disable",
            proxy.port, place.database
        );
        let store = place.store_at(&conn_str);
        let mut workspace = store.open("default").unwrap();
        for round in 0..12 {
            // The first packet of a new statement prepares it, the second runs it; later there is only one.
            proxy.left.store(1 + round % 3, Ordering::SeqCst);
            workspace.commit(batch(round)).unwrap();
            assert_eq!(
                workspace.snapshot().serial,
                round + 1,
                "once, and not twice"
            );
        }
        proxy.left.store(NEVER, Ordering::SeqCst);
        let last = workspace.snapshot();
        workspace.close().unwrap();
        let store = place.store();
        assert_eq!(store.read("default").unwrap(), last);
        assert_eq!(store.read_at("default", last.serial).unwrap(), *last);
        assert_eq!(last.instance_count(), 13);
    }
}

#[test]
fn sessions_that_the_server_ends_are_made_anew() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let mut workspace = place.store().open("default").unwrap();
        for round in 0..6 {
            end_sessions(&place);
            if round % 2 == 0 {
                workspace.commit(batch(round)).unwrap();
            } else {
                // A heartbeat may find out first.
                drop(workspace.renew());
                workspace.renew().unwrap();
                workspace.commit(batch(round)).unwrap();
            }
            assert!(
                place.store().open("default").is_err(),
                "the lease is held on"
            );
        }
        end_sessions(&place);
        let last = workspace.snapshot();
        workspace.close().unwrap();
        let workspace = place.store().open("default").unwrap();
        assert_eq!(workspace.snapshot(), last);
        assert_eq!(last.serial, 6);
    }
}

/// Somebody ends the sessions of a writer again and again, at any moment.
#[test]
fn no_batch_is_lost_or_doubled_while_sessions_end_at_random() {
    const BATCHES: u64 = 150;
    let place = Place::new(Layout::Rows);
    let mut workspace = place.store().open("default").unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                end_sessions(&place);
                std::thread::sleep(std::time::Duration::from_millis(15));
            }
        });
        for round in 0..BATCHES {
            let result = workspace.commit(batch(round));
            if result.is_err() {
                done.store(true, Ordering::SeqCst);
            }
            result.unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    let last = workspace.snapshot();
    workspace.close().unwrap();
    assert_eq!(last.serial, BATCHES);
    let store = place.store();
    assert_eq!(store.read("default").unwrap(), last);
    assert_eq!(store.read_at("default", BATCHES).unwrap(), *last);
    assert_eq!(
        place.psql("SELECT count(*) FROM terraform_remote_state.terrane_journal"),
        BATCHES.to_string()
    );
}
