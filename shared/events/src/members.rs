//! One pass over a JSON object that notes where the members of interest are.
//!
//! Members are kept as raw text, so that a member of an unexpected form costs itself and not the
//! object: depth, numbers beyond any type and unpaired surrogates are not looked at here. A key that
//! is repeated counts as it does for most readers: the last one wins.

/// Declares a struct of raw members and reads it from an object in one pass.
///
/// Each field lists the keys it is known by, the most usual first.
macro_rules! members {
    (
        $(#[$meta:meta])*
        $name:ident {
            $( $(#[$doc:meta])* $field:ident : $first:literal $(| $other:literal)* ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct $name<'a> {
            $( $(#[$doc])* pub(crate) $field: Option<&'a serde_json::value::RawValue>, )*
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[expect(non_camel_case_types, reason = "named as the fields they stand for")]
                enum Key { $( $field, )* Other }

                impl<'de> serde::Deserialize<'de> for Key {
                    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct Visitor;
                        impl serde::de::Visitor<'_> for Visitor {
                            type Value = Key;
                            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                                f.write_str("a key")
                            }
                            fn visit_bytes<E>(self, key: &[u8]) -> Result<Key, E> {
                                Ok(match key {
                                    $( $first $(| $other)* => Key::$field, )*
                                    _ => Key::Other,
                                })
                            }
                        }
                        // As bytes, because a key whose escapes are no text must not cost the object.
                        deserializer.deserialize_bytes(Visitor)
                    }
                }

                struct Visitor<'a>(std::marker::PhantomData<&'a ()>);
                impl<'de: 'a, 'a> serde::de::Visitor<'de> for Visitor<'a> {
                    type Value = $name<'a>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut members = $name::default();
                        while let Some(key) = map.next_key::<Key>()? {
                            match key {
                                $( Key::$field => members.$field = Some(map.next_value()?), )*
                                Key::Other => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(members)
                    }
                }
                deserializer.deserialize_map(Visitor(std::marker::PhantomData))
            }
        }
    };
}

members! {
    /// Everything that can stand at the top of an input: an envelope's, a record's and each
    /// wrapper's members.
    Head {
        // An EventBridge envelope.
        detail: b"detail",
        detail_type: b"detail-type",
        source: b"source",
        id: b"id",
        account: b"account",
        region: b"region",
        time: b"time",
        version: b"version",
        // A CloudTrail record.
        event_name: b"eventName",
        event_id: b"eventID" | b"eventId",
        event_source: b"eventSource",
        event_time: b"eventTime",
        event_type: b"eventType",
        aws_region: b"awsRegion",
        recipient_account_id: b"recipientAccountId",
        user_identity: b"userIdentity",
        source_ip_address: b"sourceIPAddress",
        user_agent: b"userAgent",
        error_code: b"errorCode",
        error_message: b"errorMessage",
        read_only: b"readOnly",
        request_parameters: b"requestParameters",
        response_elements: b"responseElements",
        additional_event_data: b"additionalEventData",
        service_event_details: b"serviceEventDetails",
        resources: b"resources",
        // Wrappers.
        records: b"Records" | b"records",
        events: b"Events",
        messages: b"Messages",
        cloud_trail_event: b"CloudTrailEvent",
        body: b"body" | b"Body",
        message_id: b"messageId" | b"MessageId",
        sns: b"Sns",
        message: b"Message" | b"message",
        kind: b"Type",
        message_type: b"messageType",
        log_events: b"logEvents",
        awslogs: b"awslogs",
        kinesis: b"kinesis",
        data: b"data",
        request_payload: b"requestPayload",
        recheck: b"snapback_recheck",
        event: b"event",
        digest: b"digestS3Object",
    }
}

members! {
    /// `userIdentity`.
    Identity {
        kind: b"type",
        arn: b"arn",
        principal_id: b"principalId",
        account_id: b"accountId",
        user_name: b"userName",
        invoked_by: b"invokedBy",
        provider: b"identityProvider",
        session_context: b"sessionContext",
        on_behalf_of: b"onBehalfOf",
    }
}

members! {
    /// `userIdentity.sessionContext`.
    SessionContext { attributes: b"attributes", session_issuer: b"sessionIssuer" }
}

members! {
    /// `userIdentity.sessionContext.sessionIssuer`.
    SessionIssuer { arn: b"arn", account_id: b"accountId", kind: b"type" }
}

members! {
    /// `userIdentity.sessionContext.attributes`.
    SessionAttributes { mfa_authenticated: b"mfaAuthenticated" }
}

members! {
    /// `userIdentity.onBehalfOf`.
    OnBehalfOf { user_id: b"userId" }
}

members! {
    /// An element of `resources`.
    ResourceEntry {
        arn: b"ARN" | b"arn" | b"ARNPrefix",
        account_id: b"accountId" | b"accountid",
        kind: b"type",
    }
}

members! {
    /// The `detail` of a native S3 event, as far as the record is made of it.
    NativeDetail { requester: b"requester", source_ip_address: b"source-ip-address" }
}
