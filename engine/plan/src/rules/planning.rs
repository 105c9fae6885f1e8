//! Rules about planning.

terrane_lang::rules! {
    /// Each of these needs the value of another one of them, all around, so none can be first. The message shows each reference that is part of it. Break it by computing the shared part in a local value that both use, or by a resource of its own for the connection between them.
    ///
    /// ```plan
    /// resource "terraform_data" "a" {
    ///   input = terraform_data.b.output
    /// }
    /// resource "terraform_data" "b" {
    ///   input = terraform_data.a.output
    /// }
    /// ```
    T3001 error CYCLE = "Cycle: ADDRESSES";

    /// The configuration has no cycle, but its changes have: usually an object is created before the old one is destroyed, and something that it needs is destroyed first. Apply the changes in two steps, or use `create_before_destroy` for all of them or for none.
    ///
    /// ```text
    /// a resource with create_before_destroy that needs one that moves to depend on it
    /// ```
    T3002 error STEP_CYCLE = "Cycle: ADDRESSES";

    /// `-replace` names a resource that has instances, without saying which. The message lists their addresses.
    ///
    /// ```sh
    /// terrane plan -replace=aws_instance.web   # which has count = 2
    /// ```
    T3003 warning UNMATCHED_REPLACE = "Incompletely-matched force-replace resource instance";

    /// The key that chooses an instance of a provider configuration must be a known string.
    ///
    /// ```text
    /// provider = aws.all[aws_instance.web.id]
    /// ```
    T3005 error INVALID_PROVIDER_KEY = "Invalid provider instance key";

    /// Only a part of the configuration is looked at, so the plan may leave out changes that belong together. It is meant for mending, not for every day: run a plan without these options afterwards.
    ///
    /// ```sh
    /// terrane plan -target=terraform_data.a
    /// ```
    T3006 warning TARGETING = "Resource targeting is in effect";

    /// The plan was stopped before it was complete, so nothing comes of it.
    ///
    /// ```text
    /// Ctrl-C during terrane plan
    /// ```
    T3007 error INTERRUPTED = "Planning was interrupted";

    /// A `moved` block leads to an address at which another object is in the state. Both stay where they are, and the plan treats them as the addresses say. Move the other one away first.
    ///
    /// ```text
    /// moved { from = x.a, to = x.b } while the state holds both x.a and x.b
    /// ```
    T3008 warning BLOCKED_MOVES = "Unresolved resource instance address changes";

    /// The `moved` blocks lead from an address back to itself. Remove one of them.
    ///
    /// ```text
    /// resource "terraform_data" "c" {}
    /// moved {
    ///   from = terraform_data.a
    ///   to   = terraform_data.b
    /// }
    /// moved {
    ///   from = terraform_data.b
    ///   to   = terraform_data.a
    /// }
    /// ```
    T3009 error CYCLIC_MOVES = "Cyclic dependency in move statements";

    /// The plan would destroy an object whose resource says `prevent_destroy = true`. Find out why (the plan without that line shows it), then change the cause, or remove the line if the object may really go.
    ///
    /// ```text
    /// lifecycle { prevent_destroy = true } on a resource that must be replaced
    /// ```
    T3010 error PREVENT_DESTROY = "Instance cannot be destroyed";

    /// Whether an object may be destroyed must be known when the plan is made.
    ///
    /// ```text
    /// prevent_destroy = terraform_data.a.id == "x"
    /// ```
    T3011 error INVALID_PREVENT_DESTROY = "Invalid prevent_destroy argument";

    /// A comment that begins with `terrane:risk` or `terrane:update-risk` says how bad it is if an object is destroyed or changed by mistake. It has the form `terrane:risk=CLASS REASON`, where the class is `reversible`, `disruptive` or `lossy`, and stands in a resource block or above one. What can't be understood says nothing, so the plan shows the risk that the type has.
    ///
    /// ```text
    /// # terrane:risk=loss the only copy of what customers upload
    /// resource "terraform_data" "uploads" {}
    /// ```
    T3012 warning RISK_NOTE = "Comment about a risk that can't be understood";

    /// `-invoke` names an action block, or one of its instances; so does an entry of `actions` in an `action_trigger` block.
    ///
    /// ```text
    /// terrane apply -invoke=action.aws_lambda_invoke.a
    /// ```
    T3013 error NO_SUCH_ACTION = "No such action";

    /// Whether an action is done must be known when the plan is made.
    ///
    /// ```text
    /// condition = terraform_data.a.id == "x"
    /// ```
    T3014 error INVALID_ACTION_CONDITION = "Invalid condition of an action_trigger block";

    /// What is forgotten goes on existing, and nobody looks after it: a `removed` block or a `lifecycle` says so.
    ///
    /// ```text
    /// removed {
    ///   from = terraform_data.a
    ///   lifecycle { destroy = false }
    /// }
    /// ```
    T3015 warning FORGOTTEN = "Some objects will no longer be managed by Terrane";
}
