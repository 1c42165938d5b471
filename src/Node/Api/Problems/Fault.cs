namespace FederationNode.Node.Api.Problems;

/// <summary>A kind of error of the local API. The codes are stable: programs may decide by them.</summary>
/// <param name="Code">Stands in the problem's type, after <c>urn:fednode:error:</c>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">The kind of error in words.</param>
/// <param name="RetryAfter">Seconds after which it is worth to try again; null: not without a change.</param>
internal sealed record Fault(string Code, int Status, string Title, int? RetryAfter = null)
{
    public static readonly Fault MalformedJson = new("malformed-json", 400, "The body cannot be read");
    public static readonly Fault MalformedForm = new("malformed-form", 400, "The form cannot be read");
    public static readonly Fault MalformedCoding = new("malformed-coding", 400, "The body cannot be decompressed");
    public static readonly Fault BadImage = new("bad-image", 422, "The image cannot be decoded");
    public static readonly Fault Invalid = new("invalid", 400, "A value is not as it must be");
    public static readonly Fault BadCursor = new("bad-cursor", 400, "The cursor is not one that this node gave");
    public static readonly Fault Unauthorized = new("unauthorized", 401, "A bearer key is needed");
    public static readonly Fault Forbidden = new("forbidden", 403, "The key's role may not do this");
    public static readonly Fault NotFound = new("not-found", 404, "There is nothing here");
    public static readonly Fault MethodNotAllowed = new("method-not-allowed", 405, "The route has no such method");
    public static readonly Fault NotListed = new("not-listed", 409, "This member does not list the indicator");
    public static readonly Fault CursorAhead = new("cursor-ahead", 409, "The cursor is ahead of the logs");
    public static readonly Fault CursorLost = new("cursor-lost", 409, "What changed since the cursor is not known");
    public static readonly Fault NothingToReplay = new("nothing-to-replay", 409, "Nothing was given up");
    public static readonly Fault NotWritable = new("not-writable", 409, "This node cannot write the log now");
    public static readonly Fault TooLarge = new("too-large", 413, "The body is too long");
    public static readonly Fault MediaType = new("unsupported-media-type", 415, "The route takes no body of this type");
    public static readonly Fault KeyReused = new("key-reused", 422, "The idempotency key was used for another request");
    public static readonly Fault Lint = new("lint", 422, "The listing would hit too much");
    public static readonly Fault Lifetime = new("lifetime", 422, "The listing would last too long");
    public static readonly Fault OwnListing = new("own-listing", 422, "An opinion is about others' listings");
    public static readonly Fault UnknownMember = new("unknown-member", 422, "The roster names no such member");
    public static readonly Fault UnknownSellerKey =
        new("unknown-seller-key", 422, "The roster names no such seller key");
    public static readonly Fault NotCanonical =
        new("not-canonical", 422, "The identifier is none of its type, or could be read in several ways");
    public static readonly Fault BadPoint = new("bad-point", 422, "A blinded point is none");
    public static readonly Fault RosterRefused = new("roster-refused", 422, "The roster does not follow");
    public static readonly Fault TooMany = new("too-many-requests", 429, "Too much for now", 5);
    public static readonly Fault Internal = new("internal", 500, "The node failed");
    public static readonly Fault DamagedRow = new("damaged-row", 500, "A stored row is damaged");
    public static readonly Fault Deadline = new("deadline", 503, "It could not be finished in time", 1);
    public static readonly Fault NotReady = new("not-ready", 503, "The node is starting", 1);
    public static readonly Fault StorageUnavailable =
        new("storage-unavailable", 503, "The storage takes nothing now", 5);
    public static readonly Fault Behind = new("log-behind", 503, "The node fetches back its own log", 5);
    public static readonly Fault NotApplied = new("not-applied", 503, "Durable, but not yet in the list", 1);
    public static readonly Fault KeyHolder = new("key-holder-unreachable", 503, "Too few key holders answer", 5);

    /// <summary>The fault behind a bare status that the server itself answered with.</summary>
    public static Fault OfStatus(int status) => status switch
    {
        401 => Unauthorized,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        413 => TooLarge,
        415 => MediaType,
        503 => NotReady,
        >= 500 => Internal,
        _ => new Fault("bad-request", status, "The request cannot be read"),
    };
}
