//! Override files: each rule of merging as a base, an override, and the one file that would mean the same.

use crate::support::{compiled, files, load, messages};

/// The configuration as JSON, which shows everything that override files can change but the life cycle.
fn shown(text: &str) -> serde_json::Value {
    let (tree, sources, _) = load(&files(text));
    let config = compiled(text);
    let text = terrane_config::config_json::configuration(&config, &tree.requirements, &sources);
    serde_json::from_str(&text).expect("the view is JSON")
}

#[test]
fn what_is_merged() {
    for (rule, base, over, merged) in [
        (
            "arguments one by one",
            "resource \"test_thing\" \"a\" {\n text = \"one\"\n number = 1\n}",
            "resource \"test_thing\" \"a\" {\n number = 2\n}",
            "resource \"test_thing\" \"a\" {\n text = \"one\"\n number = 2\n}",
        ),
        (
            "blocks of a type all together",
            "resource \"test_thing\" \"a\" {\n item {\n  name = \"x\"\n }\n item {\n  name = \"y\"\n }\n}",
            "resource \"test_thing\" \"a\" {\n item {\n  name = \"z\"\n }\n}",
            "resource \"test_thing\" \"a\" {\n item {\n  name = \"z\"\n }\n}",
        ),
        (
            "a dynamic block is one of the type",
            "resource \"test_thing\" \"a\" {\n item {\n  name = \"x\"\n }\n}",
            "resource \"test_thing\" \"a\" {\n dynamic \"item\" {\n  for_each = [\"z\"]\n  content {\n   name = item.value\n  }\n }\n}",
            "resource \"test_thing\" \"a\" {\n dynamic \"item\" {\n  for_each = [\"z\"]\n  content {\n   name = item.value\n  }\n }\n}",
        ),
        (
            "count and for_each exclude each other, so the later one counts",
            "resource \"test_thing\" \"a\" {\n count = 2\n}",
            "resource \"test_thing\" \"a\" {\n for_each = toset([\"a\"])\n}",
            "resource \"test_thing\" \"a\" {\n for_each = toset([\"a\"])\n}",
        ),
        (
            "variables argument by argument",
            "variable \"v\" {\n type = number\n default = 1\n description = \"d\"\n}",
            "variable \"v\" {\n default = 2\n sensitive = true\n}",
            "variable \"v\" {\n type = number\n default = 2\n description = \"d\"\n sensitive = true\n}",
        ),
        (
            "the default is held against the new type",
            "variable \"v\" {\n type = number\n default = 1\n}",
            "variable \"v\" {\n type = string\n}",
            "variable \"v\" {\n type = string\n default = \"1\"\n}",
        ),
        (
            "outputs argument by argument",
            "output \"o\" {\n value = 1\n description = \"d\"\n}",
            "output \"o\" {\n value = 2\n sensitive = true\n}",
            "output \"o\" {\n value = 2\n description = \"d\"\n sensitive = true\n}",
        ),
        (
            "locals by name",
            "locals {\n a = 1\n b = 1\n}\noutput \"o\" {\n value = [local.a, local.b]\n}\nresource \"terraform_data\" \"x\" {}",
            "locals {\n a = terraform_data.x\n}",
            "locals {\n a = terraform_data.x\n b = 1\n}\noutput \"o\" {\n value = [local.a, local.b]\n}\nresource \"terraform_data\" \"x\" {}",
        ),
        (
            "module calls argument by argument",
            "module \"m\" {\n source = \"./m\"\n in = 1\n}",
            "module \"m\" {\n in = 2\n}",
            "module \"m\" {\n source = \"./m\"\n in = 2\n}",
        ),
        (
            "the source of a module",
            "module \"m\" {\n source = \"./nope\"\n in = 1\n}",
            "module \"m\" {\n source = \"./m\"\n}",
            "module \"m\" {\n source = \"./m\"\n in = 1\n}",
        ),
        (
            "required providers entry by entry",
            "terraform {\n required_providers {\n  test = {\n   source = \"acme/test\"\n   version = \"1.0\"\n  }\n  null = {\n   source = \"hashicorp/null\"\n  }\n }\n}",
            "terraform {\n required_providers {\n  test = {\n   source = \"hashicorp/test\"\n  }\n }\n}",
            "terraform {\n required_providers {\n  test = {\n   source = \"hashicorp/test\"\n  }\n  null = {\n   source = \"hashicorp/null\"\n  }\n }\n}",
        ),
    ] {
        let module = "-- m/main.tf\nvariable \"in\" {}\n";
        let two = format!("-- main.tf\n{base}\n-- x_override.tf\n{over}\n{module}");
        let one = format!("-- main.tf\n{merged}\n{module}");
        assert_eq!(shown(&two), shown(&one), "{rule}");
    }
}

#[test]
fn files_of_one_folder_are_merged_in_the_order_of_their_names() {
    let text = "-- main.tf\nlocals {\n v = 0\n}\noutput \"o\" {\n value = 0\n}\n-- override.tf\noutput \"o\" {\n value = 3\n}\n-- b_override.tf.json\n{\"output\": {\"o\": {\"value\": 2}}}\n-- a_override.tofu\noutput \"o\" {\n value = 1\n}\n";
    let got = shown(text);
    assert_eq!(
        got["root_module"]["outputs"]["o"]["expression"]["constant_value"],
        3
    );
}

#[test]
fn what_can_not_be_overridden() {
    for (base, over, message) in [
        (
            "",
            "resource \"test_thing\" \"a\" {}",
            "error: Missing resource to override",
        ),
        (
            "",
            "variable \"a\" {}",
            "error: Missing base variable declaration to override",
        ),
        (
            "",
            "output \"a\" {\n value = 1\n}",
            "error: Missing base output definition to override",
        ),
        (
            "",
            "module \"a\" {\n source = \"./m\"\n}",
            "error: Missing module call to override",
        ),
        (
            "",
            "provider \"test\" {\n alias = \"x\"\n}",
            "error: Missing base provider configuration for override",
        ),
        (
            "resource \"test_thing\" \"a\" {}",
            "resource \"test_thing\" \"a\" {\n depends_on = []\n}",
            "error: Unsupported override",
        ),
        (
            "output \"a\" {\n value = 1\n}",
            "output \"a\" {\n depends_on = []\n}",
            "error: Unsupported override",
        ),
        (
            "",
            "moved {\n from = a.b\n to = a.c\n}",
            "error: Cannot override 'moved' blocks",
        ),
        (
            "",
            "removed {\n from = a.b\n}",
            "error: Cannot override 'removed' blocks",
        ),
        (
            "",
            "import {\n to = test_thing.b\n id = \"x\"\n}",
            "error: Cannot override 'import' blocks",
        ),
        (
            "",
            "language {}",
            "error: Cannot override language settings",
        ),
        (
            "",
            "check \"c\" {\n assert {\n  condition = true\n  error_message = \"x\"\n }\n}",
            "error: Can't override check blocks",
        ),
    ] {
        let text = format!("-- main.tf\n{base}\n-- override.tf\n{over}\n");
        let got = messages(&text);
        assert!(got.starts_with(message), "{over}\n{got}");
        assert_eq!(
            got.lines().filter(|line| line.starts_with("error")).count(),
            1,
            "{over}\n{got}"
        );
    }
}

#[test]
fn the_life_cycle_is_merged_argument_by_argument() {
    let text = "-- main.tf\nresource \"test_thing\" \"a\" {\n text = \"one\"\n lifecycle {\n  create_before_destroy = true\n  ignore_changes = [text]\n }\n}\n-- override.tf\nresource \"test_thing\" \"a\" {\n lifecycle {\n  ignore_changes = all\n  prevent_destroy = true\n }\n}\n";
    let config = compiled(text);
    let lifecycle = &config.modules[0].resources[0].lifecycle;
    assert_eq!(lifecycle.create_before_destroy, Some(true));
    assert!(lifecycle.prevent_destroy.is_some());
    assert_eq!(
        lifecycle.ignore_changes,
        terrane_config::config::IgnoreChanges::All
    );
}
