//! What plans cost.

use super::folder::Folder;

const CONFIG: &str = "resource \"terraform_data\" \"a\" {\n  input = \"big\"\n}\n\nresource \"terraform_data\" \"b\" {\n  input = \"odd\"\n}\n";

/// Rules and prices for a type that is at hand.
const BOOK: &str = r#"{
  "format": 1, "currency": "EUR", "source": "a test", "published": "2026-10-01",
  "prices": [
    {"service": "shop", "attributes": {"size": "big"}, "unit": "Hrs", "tiers": [{"from": 0, "price": 0.5}]},
    {"service": "shop", "attributes": {"size": "small"}, "unit": "Hrs", "tiers": [{"from": 0, "price": 0.1}]}
  ],
  "rules": {"format": 1, "types": {"terraform_data": {
    "usage": {"monthly_hours": 730},
    "parts": [{"name": "machine", "service": {"name": "shop", "global": true},
      "attributes": {"size": {"from": "input"}}, "amount": [{"usage": "monthly_hours"}]}]
  }}}
}"#;

const USAGE: &str = r#"{"format": 1, "types": {"terraform_data": {"monthly_hours": 100}}}"#;

fn folder() -> Folder {
    Folder::new(&[
        ("main.tf", CONFIG),
        ("prices.json", BOOK),
        ("usage.json", USAGE),
    ])
}

#[test]
fn plans_say_what_they_cost_and_what_has_no_price() {
    let folder = folder();
    let prices = "-price-book=prices.json -usage=usage.json";
    folder
        .run(&format!("plan -out=p.plan {prices}"))
        .ok()
        .says("Cost per month (EUR; a test, 2026-10-01):")
        .says("+ terraform_data.a")
        .says("terraform_data.b: the price book has no price for shop, size odd")
        .says("Now 0.00, then 50.00 EUR: +50.00");
    folder.run("apply p.plan").ok();
    folder.write("main.tf", &CONFIG.replace("\"big\"", "\"small\""));
    folder.run("plan -out=p.plan").ok();
    let told = folder
        .run(&format!("cost show -json {prices} p.plan"))
        .ok()
        .json();
    assert_eq!(
        (&told["before"], &told["difference"]),
        (&50.0.into(), &(-40.0).into())
    );
    // What stays as it is is named in the document, and is not among what changes without a price.
    assert_eq!(told["unpriced"], serde_json::json!([]));
    // The JSON form of a plan says the same, without a state.
    let json = folder.run("show -json p.plan").ok().out;
    folder.write("p.json", &json);
    let again = folder
        .run(&format!("cost show -json {prices} p.json"))
        .ok()
        .json();
    assert_eq!(told, again);
    // Without a usage file it is said what was assumed.
    folder
        .run("cost show -price-book=prices.json p.json")
        .ok()
        .says("monthly_hours = 730 (terraform_data)");
    folder
        .run("cost show p.json")
        .exits(1)
        .says("needs a price book");
    folder
        .run("cost show -price-book=main.tf p.json")
        .exits(1)
        .says("T6551")
        .says("main.tf is no price book");
}

#[test]
fn gates_hold_plans_against_budgets() {
    let folder = folder();
    let gate = |most: u32| {
        format!(
            "prices {{\n  books = [\"prices.json\"]\n  usage = [\"usage.json\"]\n}}\n\ngate \"budget\" {{\n  limit {{\n    cost = {most}\n  }}\n}}\n"
        )
    };
    // More than is allowed; then what has no price, which is under no limit; then enough.
    folder.write("all.tfgate.hcl", &gate(40));
    folder
        .run("apply -auto-approve")
        .exits(1)
        .says("more cost per month")
        .says("50.00 EUR");
    let folder = self::folder();
    folder.write("all.tfgate.hcl", &gate(60));
    folder
        .run("apply -auto-approve")
        .exits(1)
        .says("more cost per month");
    let folder = self::folder();
    folder.write("all.tfgate.hcl", &gate(60));
    folder.write("main.tf", &CONFIG.replace("\"odd\"", "\"small\""));
    folder.run("apply -auto-approve").ok();
    // The prices are in force as the gates are.
    folder.write("prices.json", &BOOK.replace("0.5", "0.4"));
    folder
        .run("apply -auto-approve -replace=terraform_data.a")
        .exits(1)
        .says("gates accept");
}
