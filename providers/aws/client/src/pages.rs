//! All pages of an operation as one answer.

use crate::model::{Model, Paginator, model};
use crate::{Api, ApiError, ErrorKind, Request};
use serde_json::{Map, Value};

/// More pages than any listing has; a service that says "there is more" for ever is cut off.
const MAX_PAGES: usize = 20_000;

/// Carries out a request for every page and joins what they list; everything else is as on the first page. An operation without pages is
/// carried out once.
///
/// # Errors
/// Those of a single page.
pub async fn pages<A: Api + ?Sized>(api: &A, request: Request) -> Result<Value, ApiError> {
    let model = model(&request.service).and_then(Result::ok);
    let paginator = model.and_then(|model: &Model| model.paginator(&request.operation));
    let Some(paginator) = paginator.as_deref() else {
        return api.call(request).await;
    };
    let mut all: Option<Value> = None;
    let mut next = request.clone();
    let mut last_tokens = None;
    for _ in 0..MAX_PAGES {
        let page = api.call(next).await?;
        let tokens = next_tokens(paginator, &page);
        match &mut all {
            None => all = Some(page),
            Some(all) => join(paginator, all, page),
        }
        let Some(tokens) = tokens else {
            let mut all = all.unwrap_or_default();
            // The first page says that there are more, and there are not.
            for token in &paginator.output_token {
                remove(&mut all, token);
            }
            return Ok(all);
        };
        if last_tokens.as_ref() == Some(&tokens) {
            return Err(endless(&request));
        }
        next = request.clone();
        if !next.input.is_object() {
            next.input = Value::Object(Map::new());
        }
        for (member, token) in paginator.input_token.iter().zip(&tokens) {
            if let Some(input) = next.input.as_object_mut() {
                match token {
                    Some(token) => input.insert(member.clone(), token.clone()),
                    None => input.remove(member),
                };
            }
        }
        last_tokens = Some(tokens);
    }
    Err(endless(&request))
}

fn endless(request: &Request) -> ApiError {
    let why = String::from("the service says again and again that there are more pages");
    ApiError::new(
        &request.service,
        &request.operation,
        "BadAnswer",
        why,
        ErrorKind::Broken,
    )
}

/// Tokens for the next page; `None`: this was the last.
fn next_tokens(paginator: &Paginator, page: &Value) -> Option<Vec<Option<Value>>> {
    if let Some(more) = &paginator.more_results
        && find(page, more).and_then(Value::as_bool) != Some(true)
    {
        return None;
    }
    let tokens: Vec<Option<Value>> = paginator
        .output_token
        .iter()
        .map(|expression| {
            let mut choices = expression.split("||").map(str::trim);
            let found = choices.find_map(|choice| find(page, choice));
            found.filter(|token| !is_empty(token)).cloned()
        })
        .collect();
    tokens.iter().any(Option::is_some).then_some(tokens)
}

fn is_empty(token: &Value) -> bool {
    match token {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// `A.B[-1].C` of a value.
fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |at, part| {
        let last = part.strip_suffix("[-1]");
        let found = at.get(last.unwrap_or(part))?;
        match last {
            Some(_) => found.as_array()?.last(),
            None => Some(found),
        }
    })
}

fn find_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |at, part| at.get_mut(part))
}

fn remove(value: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let at = match parent {
        "" => Some(value),
        parent => find_mut(value, parent),
    };
    if let Some(members) = at.and_then(Value::as_object_mut) {
        members.remove(name);
    }
}

/// Adds what a page lists.
fn join(paginator: &Paginator, all: &mut Value, page: Value) {
    for key in &paginator.result_key {
        let Some(more) = find(&page, key).cloned() else {
            continue;
        };
        match (find_mut(all, key), more) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (Some(Value::Object(all)), Value::Object(more)) => all.extend(more),
            (Some(_), _) => {}
            // The first page had none.
            (None, more) => insert(all, key, more),
        }
    }
}

fn insert(all: &mut Value, path: &str, value: Value) {
    let mut at = all;
    for part in path.split('.') {
        let Some(members) = at.as_object_mut() else {
            return;
        };
        at = members
            .entry(part)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value;
}

#[cfg(test)]
mod tests {
    use super::pages;
    use crate::{Api, ApiError, Request};
    use async_trait::async_trait;
    use serde_json::{Value, json};
    use std::sync::Mutex;

    /// Answers in order, and what was asked.
    #[derive(Debug, Default)]
    struct Script {
        answers: Mutex<Vec<Value>>,
        asked: Mutex<Vec<Value>>,
    }

    #[async_trait]
    impl Api for Script {
        async fn call(&self, request: Request) -> Result<Value, ApiError> {
            self.asked.lock().unwrap().push(request.input);
            Ok(self.answers.lock().unwrap().remove(0))
        }
    }

    async fn run(
        service: &str,
        operation: &str,
        answers: Value,
    ) -> (Result<Value, ApiError>, Vec<Value>) {
        let script = Script {
            answers: Mutex::new(answers.as_array().unwrap().clone()),
            asked: Mutex::default(),
        };
        let outcome = pages(&script, Request::new(service, operation, json!({"A": 1}))).await;
        (outcome, script.asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn pages_are_joined() {
        let (all, asked) = run(
            "ec2",
            "DescribeVpcs",
            json!([
                {"Vpcs": [{"VpcId": "a"}], "NextToken": "t1"},
                {"Vpcs": [], "NextToken": "t2"},
                {"Vpcs": [{"VpcId": "b"}]},
            ]),
        )
        .await;
        assert_eq!(
            all.unwrap(),
            json!({"Vpcs": [{"VpcId": "a"}, {"VpcId": "b"}]})
        );
        assert_eq!(
            asked,
            [
                json!({"A": 1}),
                json!({"A": 1, "NextToken": "t1"}),
                json!({"A": 1, "NextToken": "t2"})
            ]
        );
    }

    #[tokio::test]
    async fn markers_may_be_the_last_of_what_is_listed() {
        let (all, asked) = run(
            "s3",
            "ListObjects",
            json!([
                {"IsTruncated": true, "Contents": [{"Key": "a"}, {"Key": "b"}]},
                {"IsTruncated": false, "Contents": [{"Key": "c"}]},
            ]),
        )
        .await;
        assert_eq!(all.unwrap()["Contents"].as_array().unwrap().len(), 3);
        assert_eq!(asked[1]["Marker"], "b");
        let (all, _) = run(
            "cloudfront",
            "ListDistributions",
            json!([
                {"DistributionList": {"IsTruncated": true, "NextMarker": "m"}},
                {"DistributionList": {"IsTruncated": false, "Items": [1]}},
            ]),
        )
        .await;
        assert_eq!(all.unwrap()["DistributionList"]["Items"], json!([1]));
    }

    /// Where nothing says how pages hang together, they do as usual.
    #[tokio::test]
    async fn pages_that_no_model_tells_of() {
        let (all, asked) = run(
            "cloudfront",
            "ListCachePolicies",
            json!([
                {"CachePolicyList": {"NextMarker": "m", "Quantity": 1, "Items": [1]}},
                {"CachePolicyList": {"Quantity": 1, "Items": [2]}},
            ]),
        )
        .await;
        assert_eq!(all.unwrap()["CachePolicyList"]["Items"], json!([1, 2]));
        assert_eq!(asked[1]["Marker"], "m");
        for (service, operation, at) in [
            ("route53", "ListReusableDelegationSets", "DelegationSets"),
            ("apigatewayv2", "GetApiMappings", "Items"),
        ] {
            let token = if service == "route53" {
                "NextMarker"
            } else {
                "NextToken"
            };
            let (all, asked) = run(
                service,
                operation,
                json!([{at: [1], token: "t"}, {at: [2]}]),
            )
            .await;
            assert_eq!(all.unwrap()[at], json!([1, 2]), "{operation}");
            assert_eq!(asked.len(), 2);
        }
    }

    #[tokio::test]
    async fn a_service_without_end_is_cut_off() {
        let page = json!({"Vpcs": [], "NextToken": "again"});
        let (outcome, asked) = run("ec2", "DescribeVpcs", json!([page, page, page])).await;
        assert_eq!(outcome.unwrap_err().code, "BadAnswer");
        assert_eq!(asked.len(), 2);
    }

    #[tokio::test]
    async fn what_has_no_pages_is_asked_once() {
        let (all, asked) = run("sts", "GetCallerIdentity", json!([{"Account": "1"}])).await;
        assert_eq!(all.unwrap(), json!({"Account": "1"}));
        assert_eq!(asked.len(), 1);
    }
}
