//! Rules about executing tests.

terrane_lang::rules! {
    /// The test directory is not a folder within that of the root module.
    ///
    /// ```sh
    /// terrane test -test-directory=../tests
    /// ```
    T5701 error TEST_DIRECTORY = "Invalid testing directory";

    /// The folder that -test-directory names is not there. Test files of the root module's folder are executed all the same.
    ///
    /// ```sh
    /// terrane test -test-directory=none
    /// ```
    T5702 warning NO_TEST_DIRECTORY = "Test directory does not exist";

    /// -filter names a file that is no test file of this module.
    ///
    /// ```sh
    /// terrane test -filter=none.tftest.hcl
    /// ```
    T5703 warning UNKNOWN_TEST_FILE = "Unknown test file";

    /// The folder that `source` of a mocked provider names can't be read. It is relative to the folder of the root module.
    ///
    /// ```text
    /// mock_provider "null" {
    ///   source = "./none"
    /// }
    /// ```
    T5704 error MOCK_FOLDER = "Failed to read mock data directory";

    /// A file in the folder of a mocked provider can't be read.
    ///
    /// ```text
    /// mock_provider "null" {
    ///   source = "./mocks"
    /// }
    /// ```
    T5705 error MOCK_FILE = "Failed to read mock data file";

    /// A run executes a module whose source is not a local path.
    ///
    /// ```text
    /// run "a" {
    ///   module {
    ///     source = "example/x/null"
    ///   }
    /// }
    /// ```
    T5706 error RUN_MODULE_REMOTE = "Module not installed";

    /// The folder of the module that a run executes can't be read.
    ///
    /// ```text
    /// run "a" {
    ///   module {
    ///     source = "./none"
    ///   }
    /// }
    /// ```
    T5707 error RUN_MODULE = "Unreadable module directory";

    /// An override is for something that the module does not have: the address is misspelt, or the override is not needed.
    ///
    /// ```text
    /// override_module {
    ///   target = module.none
    /// }
    /// ```
    T5708 warning UNUSED_OVERRIDE = "Invalid override target";

    /// An override gives a value for an output that the module does not have.
    ///
    /// ```text
    /// override_module {
    ///   target  = module.m
    ///   outputs = { none = 1 }
    /// }
    /// ```
    T5709 warning UNUSED_OUTPUT = "Override of an undeclared output";

    /// A run gives a value for a variable that its module does not declare and that the test does not use.
    ///
    /// ```text
    /// run "a" {
    ///   variables {
    ///     none = 1
    ///   }
    /// }
    /// ```
    T5710 warning UNDECLARED_VARIABLE = "Value for undeclared variable";

    /// The condition of an assertion does not hold. The message shows the values that took part, and where two values are compared, the parts that differ.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = output.x == 1
    ///     error_message = "x is not one"
    ///   }
    /// }
    /// ```
    T5711 error ASSERTION = "Test assertion failed";

    /// The condition of an assertion depends on a value that is known only after apply, but its run only plans.
    ///
    /// ```text
    /// run "a" {
    ///   command = plan
    ///   assert {
    ///     condition     = null_resource.a.id == "x"
    ///     error_message = "wrong id"
    ///   }
    /// }
    /// ```
    T5712 error UNKNOWN_CONDITION = "Unknown condition value";

    /// The condition of an assertion is neither true nor false.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = output.x
    ///     error_message = "wrong"
    ///   }
    /// }
    /// ```
    T5713 error CONDITION_RESULT = "Invalid condition run";

    /// The message of an assertion is no string.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = output.x == 1
    ///     error_message = null
    ///   }
    /// }
    /// ```
    T5714 error MESSAGE_TYPE = "Invalid error message";

    /// The message of an assertion holds a sensitive or ephemeral value, so that it is not shown.
    ///
    /// ```text
    /// run "a" {
    ///   assert {
    ///     condition     = output.x == 1
    ///     error_message = "wrong: ${output.secret}"
    ///   }
    /// }
    /// ```
    T5715 warning SECRET_MESSAGE = "Error message refers to hidden values";

    /// A run expects something to fail, and it did not.
    ///
    /// ```text
    /// run "a" {
    ///   expect_failures = [check.c]
    /// }
    /// ```
    T5716 error MISSING_FAILURE = "Missing expected failure";

    /// What was expected to fail did so while planning, so that the run could not go on to apply. Use `command = plan` to expect such a failure.
    ///
    /// ```text
    /// run "a" {
    ///   expect_failures = [var.x]
    /// }
    /// ```
    T5717 warning FAILED_TOO_EARLY = "Expected failure while planning";

    /// The condition of an assertion refers to something that has no value after the run, such as an object that was left out with `target`.
    ///
    /// ```text
    /// run "a" {
    ///   plan_options {
    ///     target = [null_resource.b]
    ///   }
    ///   assert {
    ///     condition     = null_resource.a.id != ""
    ///     error_message = "empty"
    ///   }
    /// }
    /// ```
    T5718 error NOT_EVALUATED = "Assertion was not evaluated";

    /// The plan of a run breaks a rule that every plan keeps: a bug in terrane.
    ///
    /// ```sh
    /// terrane test
    /// ```
    T5719 error NOT_APPROVED = "Plan was not approved";

    /// What a test made could not be destroyed, without a reason having been given.
    ///
    /// ```sh
    /// terrane test
    /// ```
    T5720 error NOT_CLEANED = "Clean up was not planned";
}
