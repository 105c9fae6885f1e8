//! What services say, each in the way of its protocol.

use super::wire::Message;

/// The name of the operation, or method and path.
pub(super) fn action(request: &Message) -> String {
    if let Some(target) = request.header("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    if let Some(action) = field(request, "Action") {
        return action;
    }
    let mut words = request.first.split(' ');
    let method = words.next().unwrap_or_default();
    format!("{method} {}", words.next().unwrap_or_default())
}

/// A field of a form.
fn field(request: &Message, name: &str) -> Option<String> {
    let form = request.header("content-type")?.contains("form-urlencoded");
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| form && *known == name)?;
    Some(value.to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Json,
    RestJson,
    Query,
    Ec2,
    S3,
    /// Other services that speak XML.
    RestXml,
}

fn way(request: &Message) -> Way {
    // Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let scope = request.header("authorization").unwrap_or_default();
    let service = scope.split('/').nth(3).unwrap_or_default();
    if request.header("x-amz-target").is_some() {
        Way::Json
    } else if field(request, "Action").is_some() {
        match service {
            "ec2" => Way::Ec2,
            _ => Way::Query,
        }
    } else {
        match service {
            "s3" => Way::S3,
            "route53" | "cloudfront" => Way::RestXml,
            _ => Way::RestJson,
        }
    }
}

/// "Too fast".
pub(super) fn throttle(request: &Message) -> Message {
    let way = way(request);
    let target = request.header("x-amz-target").unwrap_or_default();
    let (status, code) = match way {
        Way::Json if target.starts_with("DynamoDB") => {
            (400, "ProvisionedThroughputExceededException")
        }
        Way::Json => (400, "ThrottlingException"),
        Way::RestJson => (429, "TooManyRequestsException"),
        Way::Query | Way::RestXml => (400, "Throttling"),
        Way::Ec2 => (503, "RequestLimitExceeded"),
        Way::S3 => (503, "SlowDown"),
    };
    refuse(request, status, code, "Rate exceeded")
}

/// "I am broken".
pub(super) fn broken(request: &Message) -> Message {
    let code = match way(request) {
        Way::Json | Way::Query | Way::RestXml => "InternalFailure",
        Way::RestJson => "InternalServerException",
        Way::Ec2 | Way::S3 => "InternalError",
    };
    refuse(request, 500, code, "We encountered an internal error")
}

/// "No".
pub(super) fn refuse(request: &Message, status: u16, code: &str, message: &str) -> Message {
    let id = "00000000-0000-0000-0000-000000000000";
    let (kind, body) = match way(request) {
        Way::Json => (
            "application/x-amz-json-1.1",
            format!(r#"{{"__type":"com.amazonaws#{code}","message":"{message}"}}"#),
        ),
        Way::RestJson => ("application/json", format!(r#"{{"message":"{message}"}}"#)),
        Way::Query | Way::RestXml => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
            ),
        ),
        Way::Ec2 => (
            "text/xml",
            format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>{id}</RequestID></Response>"
            ),
        ),
        Way::S3 => (
            "application/xml",
            format!(
                "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>"
            ),
        ),
    };
    let head = request.first.starts_with("HEAD ");
    let mut reply = Message {
        first: format!("HTTP/1.1 {status} Fault"),
        body: if head { Vec::new() } else { body.into_bytes() },
        ..Message::default()
    };
    reply.set("content-type", kind);
    if way(request) == Way::RestJson {
        reply.set("x-amzn-errortype", code);
    }
    reply
}
