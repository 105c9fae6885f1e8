//! Rules about test files.

terrane_lang::rules! {
    /// The name of a run is not one that expressions can refer to.
    ///
    /// ```text
    /// run "a b" {}
    /// ```
    T2201 error BAD_RUN_NAME = "Invalid run block name";

    /// Two runs of a test file have the same name. Later runs refer to earlier ones by name.
    ///
    /// ```text
    /// run "a" {}
    /// run "a" {}
    /// ```
    T2202 error DUPLICATE_RUN = "Duplicate \"run\" block names";

    /// A test file, or a run in it, holds more than one `variables` block.
    ///
    /// ```text
    /// variables {}
    /// variables {}
    /// ```
    T2203 error SEVERAL_VARIABLES = "Multiple \"variables\" blocks";

    /// A run holds more than one `module` block, but it executes one module.
    ///
    /// ```text
    /// run "a" {
    ///   module {
    ///     source = "./a"
    ///   }
    ///   module {
    ///     source = "./b"
    ///   }
    /// }
    /// ```
    T2204 error SEVERAL_MODULES = "Multiple \"module\" blocks";

    /// A run holds more than one `plan_options` block.
    ///
    /// ```text
    /// run "a" {
    ///   plan_options {}
    ///   plan_options {}
    /// }
    /// ```
    T2205 error SEVERAL_PLAN_OPTIONS = "Multiple \"plan_options\" blocks";

    /// A test file configures (or mocks) a provider twice under the same name and alias.
    ///
    /// ```text
    /// mock_provider "null" {}
    /// provider "null" {}
    /// ```
    T2206 error DUPLICATE_PROVIDER = "Duplicate provider block";

    /// The `command` of a run is a word without quotes: `apply` (which it is where nothing is said) or `plan`.
    ///
    /// ```text
    /// run "a" {
    ///   command = destroy
    /// }
    /// ```
    T2207 error COMMAND_KEYWORD = "Invalid \"command\" keyword";

    /// The `mode` of `plan_options` is a word without quotes: `normal` or `refresh-only`.
    ///
    /// ```text
    /// run "a" {
    ///   plan_options {
    ///     mode = destroy
    ///   }
    /// }
    /// ```
    T2208 error MODE_KEYWORD = "Invalid \"mode\" keyword";

    /// A plan that does nothing but refresh can neither leave that out nor replace something.
    ///
    /// ```text
    /// run "a" {
    ///   plan_options {
    ///     mode    = refresh-only
    ///     refresh = false
    ///   }
    /// }
    /// ```
    T2209 error PLAN_OPTIONS = "Incompatible plan options";

    /// Only a resource instance can be replaced, not a module.
    ///
    /// ```text
    /// run "a" {
    ///   plan_options {
    ///     replace = [module.m]
    ///   }
    /// }
    /// ```
    T2210 error REPLACE_ADDRESS = "Invalid address";

    /// A run that executes another module than the one under test has to say which.
    ///
    /// ```text
    /// run "a" {
    ///   module {}
    /// }
    /// ```
    T2211 error MODULE_SOURCE = "Missing \"source\" attribute for module block";

    /// Only what has rules can be expected to fail: input variables, outputs, `check` blocks and resources of the module that the run executes.
    ///
    /// ```text
    /// run "a" {
    ///   expect_failures = [local.x]
    /// }
    /// ```
    T2212 error EXPECT_FAILURES = "Invalid `expect_failures` reference";

    /// The local name of a mocked provider has capital letters, or is no name.
    ///
    /// ```text
    /// mock_provider "Null" {}
    /// ```
    T2213 error MOCK_NAME = "Invalid provider local name";

    /// The alias of a mocked provider is no name.
    ///
    /// ```text
    /// mock_provider "null" {
    ///   alias = "a b"
    /// }
    /// ```
    T2214 error MOCK_ALIAS = "Invalid provider configuration alias";

    /// The instances of a mocked provider with `for_each` are referred to through its alias, so that it needs one.
    ///
    /// ```text
    /// mock_provider "null" {
    ///   for_each = toset(["a"])
    /// }
    /// ```
    T2215 error FOR_EACH_ALIAS = "Alias required when using \"for_each\"";

    /// A provider mocks the same type twice.
    ///
    /// ```text
    /// mock_provider "null" {
    ///   mock_resource "null_resource" {}
    ///   mock_resource "null_resource" {}
    /// }
    /// ```
    T2216 error DUPLICATE_MOCK = "Duplicate mock block";

    /// Two blocks of the same place override the same target.
    ///
    /// ```text
    /// override_module {
    ///   target = module.m
    /// }
    /// override_module {
    ///   target = module.m
    /// }
    /// ```
    T2217 error DUPLICATE_OVERRIDE = "Duplicate override block";

    /// An override has to say what it is for.
    ///
    /// ```text
    /// override_module {}
    /// ```
    T2218 error MISSING_TARGET = "Missing target attribute";

    /// `override_resource` is for resources, `override_data` for data sources, `override_module` for modules.
    ///
    /// ```text
    /// override_module {
    ///   target = null_resource.a
    /// }
    /// ```
    T2219 error OVERRIDE_TARGET = "Invalid override target";

    /// The values of a mock or an override are an object: names of computed attributes (or of outputs) and a value for each.
    ///
    /// ```text
    /// override_module {
    ///   target  = module.m
    ///   outputs = 3
    /// }
    /// ```
    T2220 error OVERRIDE_VALUES = "Invalid values";

    /// `override_during` is a word without quotes: `plan` or `apply`.
    ///
    /// ```text
    /// override_module {
    ///   target          = module.m
    ///   override_during = never
    /// }
    /// ```
    T2221 error OVERRIDE_DURING = "Invalid override_during value";

    /// A value of a test refers to a variable that is given neither from outside (command line, environment, variables file) nor, for a value within a run, in the `variables` block of the file.
    ///
    /// ```text
    /// run "a" {
    ///   variables {
    ///     x = var.none
    ///   }
    /// }
    /// ```
    T2222 error UNAVAILABLE_VARIABLE = "Reference to unavailable variable";

    /// A value refers to a run that comes later, or to its own run. Only results of earlier runs of the same file are there.
    ///
    /// ```text
    /// run "a" {
    ///   variables {
    ///     x = run.b.x
    ///   }
    /// }
    /// run "b" {}
    /// ```
    T2223 error UNAVAILABLE_RUN = "Reference to unavailable run block";

    /// The test file has no run of this name.
    ///
    /// ```text
    /// run "a" {
    ///   variables {
    ///     x = run.none.x
    ///   }
    /// }
    /// ```
    T2224 error UNKNOWN_RUN = "Reference to unknown run block";

    /// Values of variables, and arguments of providers, in test files may refer to variables of the test and to results of earlier runs, not to objects of the module.
    ///
    /// ```text
    /// run "a" {
    ///   variables {
    ///     x = null_resource.a.id
    ///   }
    /// }
    /// ```
    T2225 error VALUE_REFERENCE = "Invalid reference";

    /// A value of a test depends on something that an earlier run only planned, so that it is not known.
    ///
    /// ```text
    /// run "a" {
    ///   command = plan
    /// }
    /// run "b" {
    ///   variables {
    ///     x = run.a.id
    ///   }
    /// }
    /// ```
    T2226 error UNKNOWN_VALUE = "Reference to unknown value";

    /// An assertion refers to an output that the module of the run does not have.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = output.none == 1
    ///     error_message = "not one"
    ///   }
    /// }
    /// ```
    T2227 error UNDECLARED_OUTPUT = "Reference to undeclared output value";

    /// An assertion refers to its own run or to a later one. Values of its own run are there without `run`: `output.x`.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = run.a.x == 1
    ///     error_message = "not one"
    ///   }
    /// }
    /// ```
    T2228 error UNEVALUATED_RUN = "Reference to unevaluated run block";

    /// An assertion refers to a run that the test file does not have.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = run.none.x == 1
    ///     error_message = "not one"
    ///   }
    /// }
    /// ```
    T2229 error UNDECLARED_RUN = "Reference to undeclared run block";

    /// What came of a check has no value. A run fails where a check fails, unless `expect_failures` names it.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = check.c.status == "pass"
    ///     error_message = "failed"
    ///   }
    /// }
    /// ```
    T2230 error CHECK_REFERENCE = "Reference to \"check\" in invalid context";

    /// The `providers` argument of a run names a provider that neither the test file nor the module configures.
    ///
    /// ```text
    /// run "a" {
    ///   providers = {
    ///     null = null.none
    ///   }
    /// }
    /// ```
    T2231 error MISSING_PROVIDER = "Missing provider definition";
}
