//! Secrets are hidden, by their shape, name or place, and other words stay.

use kigen_text::secrets::scrub;

#[test]
fn secrets_are_hidden() {
    for (text, shown) in [
        ("key AKIAIOSFODNN7EXAMPLE here", "key [hidden] here"),
        ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", "[hidden]"),
        ("token=xoxb-1234567890-abcdef", "token=[hidden]"),
        ("Authorization: Bearer abc.def", "Authorization: [hidden]"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz', 'x': 1}", "{'Authorization': '[hidden]', 'x': 1}"),
        ("curl -H 'x: Bearer 0123456789abcdef'", "curl -H 'x: Bearer [hidden]'"),
        ("postgres://etl:hunter2@db:5432/dwh", "postgres://etl:[hidden]@db:5432/dwh"),
        ("postgres://etl:p/a@ss/w@rd@db:5432/dwh refused", "postgres://etl:[hidden]@db:5432/dwh refused"),
        ("redis://:hunter2@cache:6379/0", "redis://:[hidden]@cache:6379/0"),
        ("mysql+pymysql://etl:123456@db/dwh", "mysql+pymysql://etl:[hidden]@db/dwh"),
        ("amqp://etl:4/2@queue/", "amqp://etl:[hidden]@queue/"),
        ("amqp://etl:/2@queue/", "amqp://etl:[hidden]@queue/"),
        (
            "clone https://0123456789abcdef0123456789@git.example.com/x",
            "clone https://[hidden]@git.example.com/x",
        ),
        ("{\"password\": \"hun ter2\", \"user\": \"etl\"}", "{\"password\": [hidden], \"user\": \"etl\"}"),
        ("DB_PASSWORD=hunter2 failed", "DB_PASSWORD=[hidden] failed"),
        ("--password hunter2 --host db", "--password [hidden] --host db"),
        ("--db-password=hunter2 --host db", "--db-password=[hidden] --host db"),
        ("vault login --token s.abc --method x", "vault login --token [hidden] --method x"),
        ("mysql -h db -phunter2 -u etl", "mysql -h db -p[hidden] -u etl"),
        ("curl -s -u etl:hunter2 https://x", "curl -s -u etl:[hidden] https://x"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[hidden]"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "a [hidden]"),
        (
            "DefaultEndpointsProtocol=https;AccountName=lake;AccountKey=q1w2/e3==;EndpointSuffix=x",
            "DefaultEndpointsProtocol=https;AccountName=lake;AccountKey=[hidden];EndpointSuffix=x",
        ),
        (
            "Endpoint=sb://x/;SharedAccessKeyName=root;SharedAccessKey=abc=;EntityPath=y",
            "Endpoint=sb://x/;SharedAccessKeyName=root;SharedAccessKey=[hidden];EntityPath=y",
        ),
        (
            "https://lake.blob.core.windows.net/a?sv=2022&sig=abc%2Fdef%3D&se=2026",
            "https://lake.blob.core.windows.net/a?sv=2022&sig=[hidden]&se=2026",
        ),
        (
            "GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AK/1&X-Amz-Signature=0a1b",
            "GET https://b.s3.amazonaws.com/k?X-Amz-Credential=[hidden]&X-Amz-Signature=[hidden]",
        ),
        ("key=AIzaSyA0123456789abcdefghijklmnopqrstuvw", "key=[hidden]"),
        ("openai: sk-proj-0123456789abcdefABCDEF is invalid", "openai: [hidden] is invalid"),
        ("sk_live_0123456789abcdefABCDEF", "[hidden]"),
        (
            "POST https://hooks.slack.com/services/T01/B02/abcDEF failed: 404",
            "POST https://hooks.slack.com/services/[hidden] failed: 404",
        ),
        ("https://discord.com/api/webhooks/1/abc-DEF", "https://discord.com/api/webhooks/[hidden]"),
        ("Cookie: session=abc; theme=dark\nHost: x", "Cookie: [hidden]\nHost: x"),
        ("Set-Cookie: sid=1; Path=/", "Set-Cookie: [hidden]"),
        ("client_secret = \"a b c\"", "client_secret = [hidden]"),
        ("token: 0a1b2c3d4e5f", "token: [hidden]"),
        ("token: password=hunter", "token: password=[hidden]"),
        ("token:\npassword: hunter", "token:\npassword: [hidden]"),
        ("DB_PASSWORD=$ecret", "DB_PASSWORD=[hidden]"),
        ("export API_TOKEN=abcdef", "export API_TOKEN=[hidden]"),
        (
            "\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}]",
            "\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"[hidden]\"}]",
        ),
    ] {
        assert_eq!(scrub(text), shown, "{text}");
        assert_eq!(scrub(shown), shown, "what is scrubbed stays");
    }
}

#[test]
fn keys_that_were_cut_are_hidden() {
    let pem_line = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpI";
    let cut_pem = format!(
        "could not load the key\nAQEA0Z3VS5JJ\n{pem_line}\n{pem_line}\nq9w=\n-----END RSA PRIVATE KEY-----\nexit 1"
    );
    let body = format!("key:\n{pem_line}\n{pem_line}\n{pem_line}\n{pem_line}\nexit 1");
    assert_eq!(scrub(&cut_pem), "could not load the key\n[hidden]\nexit 1");
    assert_eq!(scrub(&body), "key:\n[hidden]exit 1");
}

#[test]
fn words_that_are_no_secrets_stay() {
    for text in [
        "KeyError: 'price'",
        "KeyError: 'password'",
        "    token = tokenizer.next_token(password=None, key=\"abc\")",
        "    api_key = self.settings.credentials.api_key",
        "password: \ntoken expired; token type: Bearer\nAuthorization header is missing",
        "DB_PASSWORD=${DB_PASSWORD} is not set",
        "secretKeyRef: key: password",
        "SyntaxError: Unexpected token: }",
        "Unexpected token: identifier",
        "unexpected token: punc (})",
        "json: invalid character; next token: ]",
        "FATAL: password authentication failed for user \"etl\"",
        "the secret: none of it is needed",
        "secrets \"db\" is forbidden: User cannot get resource",
        "http://registry:5000/v2/ is not reachable from a@b",
        "https://example.com:8443/path?mail=ann@example.com",
        "no tokenizer found for model-v2",
        "line 3: token = next()",
        "git@github.com:shop/etl.git",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "    at tokenize (/app/src/tokens.js:10:5)",
        "MountVolume.SetUp failed for volume \"token\" : secret \"etl\" not found",
        "task-risk-assessment-of-the-whole-batch failed",
    ] {
        assert_eq!(scrub(text), text);
    }
}
