//! Rules about plans.

terrane_lang::rules! {
    /// The file of the plan is not complete.
    ///
    /// ```text
    /// a saved plan without its configuration
    /// ```
    T5201 error DAMAGED_PLAN = "Damaged plan";

    /// There are no `.tf` files in the folder, so a plan would destroy all that is managed. To do that, say so: `terrane destroy`. To work elsewhere, use `-chdir=FOLDER`.
    ///
    /// ```sh
    /// cd /tmp && terrane plan
    /// ```
    T5202 error NO_CONFIGURATION = "No configuration files";

    /// One option says what to look at, the other what to leave out.
    ///
    /// ```sh
    /// terrane plan -target=a.b -exclude=c.d
    /// ```
    T5203 error TARGET_WITH_EXCLUDE = "Incompatible options";

    /// Nothing is replaced where everything is destroyed, or nothing is changed.
    ///
    /// ```sh
    /// terrane plan -destroy -replace=a.b
    /// ```
    T5204 error REPLACE_WITH_DESTROY = "Incompatible options";

    /// One option asks for a refresh alone, the other for none.
    ///
    /// ```sh
    /// terrane plan -refresh-only -refresh=false
    /// ```
    T5205 error REFRESH_ONLY_WITHOUT_REFRESH = "Incompatible options";

    /// The plan can't be written to the file.
    ///
    /// ```sh
    /// terrane plan -out=/nowhere/a.plan
    /// ```
    T5206 error PLAN_NOT_SAVED = "Saving the plan to PATH failed";

    /// A plan is for the state of one workspace. Select it, or make a plan for this one.
    ///
    /// ```sh
    /// terrane plan -out=a.plan
    /// terrane workspace select other
    /// terrane apply a.plan
    /// ```
    T5207 error OTHER_WORKSPACE = "Saved plan is for another workspace";

    /// A saved plan keeps the values that it was made with, and what was approved is what they lead to.
    ///
    /// ```sh
    /// terrane apply -var='a=1' a.plan
    /// ```
    T5208 error VARIABLE_OF_SAVED_PLAN = "Can't change variable when applying a saved plan";

    /// The plan was saved although errors were found, so that it can be looked at.
    ///
    /// ```sh
    /// terrane apply a.plan
    /// ```
    T5209 error PLAN_WITH_ERRORS = "Plan can't be applied";

    /// The file is no saved plan, was written by another version, or is damaged.
    ///
    /// ```sh
    /// terrane apply main.tf
    /// ```
    T5210 error NOT_A_PLAN = "Failed to load PATH as a plan file";

    /// The address is not one of a resource, an instance or a module. Quotes in it have to be kept from the shell.
    ///
    /// ```sh
    /// terrane plan -target=aws_instance.web["a"]
    /// ```
    T5211 error INVALID_TARGET = "Invalid OPTION address ADDRESS";

    /// Instances of resources are replaced, one by one.
    ///
    /// ```sh
    /// terrane plan -replace=module.network
    /// ```
    T5212 error REPLACE_MODULE = "Invalid -replace address ADDRESS";

    /// Going back to an earlier version of the state is a goal of its own: everything else than that version would be destroyed anyway.
    ///
    /// ```sh
    /// terrane plan -to=12 -destroy
    /// ```
    T5213 error TO_WITH_OTHERS = "Incompatible plan options";

    /// `why` explains what a plan does to an object, and the plan has no object of this address.
    ///
    /// ```sh
    /// terrane why aws_instance.wbe
    /// ```
    T5214 error NOT_IN_PLAN = "No such object in the plan";

    /// A plan is carried out by the programs that it was made with. A provider has another version by now, or another package.
    ///
    /// ```sh
    /// terrane plan -out=a.plan
    /// terrane init -upgrade
    /// terrane apply a.plan
    /// ```
    T5215 error OTHER_PROVIDERS = "The plan was made with other providers";

    /// The file is neither a state file nor a saved plan, or can't be read as what it is.
    ///
    /// ```sh
    /// terrane show main.tf
    /// ```
    T5216 error NEITHER_STATE_NOR_PLAN = "Failed to read PATH as a state or plan file";

    /// Objects that the configuration says to keep (`destroy = false`) are not destroyed: they are forgotten, and exist. Who destroys everything may not know that. With `-suppress-forget-errors` it is no error.
    ///
    /// ```sh
    /// terrane destroy
    /// ```
    T5217 error LEFT_BY_DESTROY = "Objects were left behind";

    /// A plan does not keep the values of ephemeral variables, so those that it was made with must be given again.
    ///
    /// ```sh
    /// terrane plan -var='token=a' -out=a.plan
    /// terrane apply a.plan
    /// ```
    T5250 error EPHEMERAL_NOT_GIVEN = "No value for required variable";

    /// What is planned may depend on which ephemeral variables have a value, so no other ones can be given when the plan is applied.
    ///
    /// ```sh
    /// terrane plan -out=a.plan
    /// terrane apply -var='token=a' a.plan
    /// ```
    T5251 error EPHEMERAL_NOT_PLANNED = "Ephemeral variable was not set when the plan was made";

    /// `-invoke` has one action done. Its address begins with `action`.
    ///
    /// ```sh
    /// terrane apply -invoke=terraform_data.a
    /// ```
    T5252 error INVALID_INVOKE = "Invalid -invoke address";
}
