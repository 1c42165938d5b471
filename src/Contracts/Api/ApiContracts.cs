using System.Text.Json.Serialization;

namespace FederationNode.Contracts.Api;

/// <summary>The routes of the local API. docs/protocol.md, "Local API".</summary>
public static class ApiRoutes
{
    /// <summary>POST <see cref="CheckRequest"/>: is this on the list? Role detector.</summary>
    public const string Check = "/v1/check";

    /// <summary>GET: a page of indicators; below it GET <c>{id}</c> and PUT <c>{id}/note</c>. Role analyst.</summary>
    public const string Indicators = "/v1/indicators";

    /// <summary>POST <see cref="ListingRequest"/>. Role analyst.</summary>
    public const string Listings = "/v1/listings";

    /// <summary>POST <see cref="WithdrawalRequest"/>. Role analyst.</summary>
    public const string Withdrawals = "/v1/withdrawals";

    /// <summary>POST <see cref="ErasureRequest"/>. Role analyst.</summary>
    public const string Erasures = "/v1/erasures";

    /// <summary>POST <see cref="OpinionRequest"/>. Role analyst.</summary>
    public const string Opinions = "/v1/opinions";

    /// <summary>GET: changes after a cursor, as a page or as server-sent events. Role detector.</summary>
    public const string Changes = "/v1/changes";

    /// <summary>GET: the whole list as lines of JSON, and the cursor to go on with. Role detector.</summary>
    public const string Snapshot = "/v1/snapshot";

    /// <summary>POST <see cref="FeedbackRequest"/>: what became of a match. Role detector.</summary>
    public const string Feedback = "/v1/feedback";

    /// <summary>GET: what a person should look at; below it POST <c>{number}</c>. Role analyst.</summary>
    public const string Queue = "/v1/queue";

    /// <summary>GET: how it goes with the webhooks; below it POST <c>{name}/replay</c>. Role operator.</summary>
    public const string Webhooks = "/v1/webhooks";

    /// <summary>GET: how the node is doing. Role operator.</summary>
    public const string Status = "/v1/status";

    /// <summary>GET: the logs that the node holds; below it each log as C2SP tlog-tiles. Role auditor.</summary>
    public const string Logs = "/v1/logs";

    /// <summary>GET: the roster in force; POST: the next signed document. Roles auditor and operator.</summary>
    public const string Roster = "/v1/roster";

    /// <summary>POST: blinded points for seller tags, passed on to the key holders. Role analyst or detector.</summary>
    public const string SellerEvaluate = "/v1/seller/evaluate";

    /// <summary>POST <see cref="SellerTagsRequest"/>: raw identifiers become tags. Role analyst or detector.</summary>
    public const string SellerTags = "/v1/seller/tags";

    /// <summary>GET: the keys for seller tags that the roster names. Role analyst or detector.</summary>
    public const string SellerKeys = "/v1/seller/keys";

    /// <summary>POST <see cref="SellerRetagRequest"/>: own listings of sellers go on under a later epoch. Role analyst.</summary>
    public const string SellerRetag = "/v1/seller/retag";

    /// <summary>GET: how much holders of keys for seller tags evaluated, by their logs. Role auditor.</summary>
    public const string SellerEvaluations = "/v1/seller/evaluations";

    /// <summary>
    /// GET: the key ceremonies, the newest first; POST <see cref="CeremonyRequest"/>, at the secretariat's node. Roles auditor and
    /// operator.
    /// </summary>
    public const string SellerCeremonies = "/v1/seller/ceremonies";

    /// <summary>GET: whether the process is up; no key.</summary>
    public const string Health = "/healthz";

    /// <summary>GET: whether the node answers with its list; no key.</summary>
    public const string Ready = "/readyz";

    /// <summary>GET: the OpenAPI document; no key.</summary>
    public const string OpenApi = "/openapi/v1.json";

    /// <summary>Header with the idempotency key of a publishing request.</summary>
    public const string IdempotencyHeader = "Idempotency-Key";
}

/// <summary>Who may do what on the local API.</summary>
public static class ApiRole
{
    /// <summary>Asks whether things are on the list and follows changes.</summary>
    public const string Detector = "detector";

    /// <summary>Publishes, withdraws, disputes and reads the list.</summary>
    public const string Analyst = "analyst";

    /// <summary>Runs the node: status, roster, and all that the others may do.</summary>
    public const string Operator = "operator";

    /// <summary>Reads logs, receipts and the roster.</summary>
    public const string Auditor = "auditor";

    /// <summary>All roles.</summary>
    public static IReadOnlyList<string> All { get; } = [Detector, Analyst, Operator, Auditor];
}

/// <summary>An error, as RFC 9457 problem details: what is wrong and what to do.</summary>
/// <param name="Type">A stable code, <c>urn:fednode:error:&lt;code&gt;</c>.</param>
/// <param name="Title">The kind of error in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong with this request, naming the field.</param>
public sealed record ApiProblem(string Type, string Title, int Status, string Detail);

/// <summary>Things to check.</summary>
/// <param name="Items">1 to 1,000 items.</param>
public sealed record CheckRequest(IReadOnlyList<CheckItem> Items);

/// <summary>One thing to check.</summary>
/// <param name="Kind"><c>text</c>, <c>image-pdq</c>, <c>image-sha256</c> or <c>seller</c>.</param>
/// <param name="Value">The text itself, or 64 lower-case hexadecimal digits.</param>
/// <param name="Id">The caller's own name for the item, handed back; at most 128 characters.</param>
/// <param name="Longest">
/// Of a text: whether keywords that overlap a longer one are left out, unless they are graver. The verdict is the same.
/// </param>
public sealed record CheckItem(
    string Kind,
    string Value,
    string? Id = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Longest = false);

/// <summary>The verdicts, in the order of the items.</summary>
/// <param name="Items">One for each item.</param>
/// <param name="ListVersion">Digest of the merged list that was asked, in hexadecimal.</param>
/// <param name="ListSize">Indicators with a listing in force.</param>
/// <param name="AgeSeconds">
/// Seconds since the peer that was silent longest was heard of; 0 without peers; null if one of them never was.
/// </param>
/// <param name="Stale">Whether the list may be out of date: still loading, or peers out of reach for too long.</param>
public sealed record CheckResponse(
    IReadOnlyList<CheckVerdict> Items,
    string ListVersion,
    long ListSize,
    double? AgeSeconds,
    bool Stale);

/// <summary>What the list says of one item.</summary>
/// <param name="Id">The caller's name for it.</param>
/// <param name="Verdict"><c>block</c>, <c>review</c>, <c>signal</c> or <c>none</c>.</param>
/// <param name="Matches">The indicators that it matches, the gravest first; those that do not count have the verdict <c>none</c>.</param>
/// <param name="Reason">Why the verdict is graver than that of any match, in words; null if it is not.</param>
public sealed record CheckVerdict(string? Id, string Verdict, IReadOnlyList<CheckMatch> Matches, string? Reason = null);

/// <summary>One indicator that an item matches.</summary>
/// <param name="IndicatorId">The indicator's id, in hexadecimal.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Category">What it stands for.</param>
/// <param name="Verdict">What the node's policy makes of it.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="ListedBy">Who lists it.</param>
/// <param name="DisputedBy">Members that dispute a listing of it.</param>
/// <param name="Confidence">The highest confidence of the listings in force, 0 to 100.</param>
/// <param name="Start">Where in the text, in UTF-16 code units; null if it is no text.</param>
/// <param name="Length">How long, in UTF-16 code units; null if it is no text.</param>
/// <param name="Distance">Hamming distance, 0 to 31; null if it is no PDQ hash.</param>
/// <param name="Evasions">
/// How the text hides the keyword: <c>lookalike</c>, <c>separated</c>, <c>repeated</c>; empty if it does not, null if the
/// item is no text.
/// </param>
public sealed record CheckMatch(
    string IndicatorId,
    string Kind,
    string Category,
    string Verdict,
    string Reason,
    IReadOnlyList<Lister> ListedBy,
    IReadOnlyList<string> DisputedBy,
    int Confidence,
    int? Start = null,
    int? Length = null,
    int? Distance = null,
    IReadOnlyList<string>? Evasions = null);

/// <summary>A member that lists an indicator.</summary>
/// <param name="Member">The member.</param>
/// <param name="Since">When its listing in force was issued, in unix seconds.</param>
public sealed record Lister(string Member, long Since);

/// <summary>The answer to one line of a check as a stream of lines: a verdict, or what is wrong with the line.</summary>
/// <param name="Line">The number of the line, from 1.</param>
/// <param name="Id">The caller's name for the item.</param>
/// <param name="Verdict"><c>block</c>, <c>review</c>, <c>signal</c> or <c>none</c>; null if there is an error.</param>
/// <param name="Matches">The indicators that it matches, the gravest first.</param>
/// <param name="Reason">As in <see cref="CheckVerdict"/>.</param>
/// <param name="Error">What is wrong with the line, or null.</param>
public sealed record CheckLine(
    long Line, string? Id, string? Verdict, IReadOnlyList<CheckMatch> Matches, string? Reason, ApiProblem? Error);

/// <summary>The last line of a check as a stream of lines; without it the answer is broken off.</summary>
/// <param name="End">Whether all lines were answered; false: the stream was given up, see the error.</param>
/// <param name="Count">Lines answered.</param>
/// <param name="Errors">Those of them that got an error.</param>
/// <param name="Error">Why the stream was given up, or null.</param>
/// <param name="ListVersion">Digest of the merged list, in hexadecimal.</param>
/// <param name="ListSize">Indicators with a listing in force.</param>
/// <param name="AgeSeconds">As in <see cref="CheckResponse"/>.</param>
/// <param name="Stale">As in <see cref="CheckResponse"/>.</param>
public sealed record CheckLinesEnd(
    bool End,
    long Count,
    long Errors,
    ApiProblem? Error,
    string ListVersion,
    long ListSize,
    double? AgeSeconds,
    bool Stale);

/// <summary>
/// A check as a form: 1 to 16 parts, each with one of these names, as often as wanted, with or without <c>:ID</c> behind it.
/// </summary>
/// <param name="Image">A JPEG, PNG or WebP file.</param>
/// <param name="Text">A text, in UTF-8.</param>
/// <param name="Seller">A seller tag, 64 lower-case hexadecimal digits.</param>
public sealed record CheckForm(Stream? Image = null, string? Text = null, string? Seller = null);

/// <summary>The verdicts on the parts of a form, in their order.</summary>
/// <param name="Items">One for each part.</param>
/// <param name="ListVersion">As in <see cref="CheckResponse"/>.</param>
/// <param name="ListSize">As in <see cref="CheckResponse"/>.</param>
/// <param name="AgeSeconds">As in <see cref="CheckResponse"/>.</param>
/// <param name="Stale">As in <see cref="CheckResponse"/>.</param>
public sealed record CheckFormResponse(
    IReadOnlyList<CheckPart> Items, string ListVersion, long ListSize, double? AgeSeconds, bool Stale);

/// <summary>What the list says of one part of a form.</summary>
/// <param name="Id">The caller's name for it.</param>
/// <param name="Kind"><c>image</c>, <c>text</c> or <c>seller</c>.</param>
/// <param name="Verdict"><c>block</c>, <c>review</c>, <c>signal</c> or <c>none</c>; null if nothing could be looked up.</param>
/// <param name="Matches">The indicators that it matches, the gravest first.</param>
/// <param name="Reason">As in <see cref="CheckVerdict"/>.</param>
/// <param name="Image">What was worked out of an image; null of other parts, and of one that is too large.</param>
/// <param name="Error">
/// What is wrong with the part, or null. An image that cannot be decoded is looked up as a file all the same, and then has
/// both a verdict and an error.
/// </param>
public sealed record CheckPart(
    string? Id,
    string Kind,
    string? Verdict,
    IReadOnlyList<CheckMatch> Matches,
    string? Reason,
    CheckedImage? Image,
    ApiProblem? Error);

/// <summary>What was worked out of an image.</summary>
/// <param name="Sha256">SHA-256 of the file, in hexadecimal.</param>
/// <param name="Pdq">PDQ hash, in hexadecimal; null if it could not be decoded.</param>
/// <param name="Quality">PDQ quality, 0 to 100.</param>
/// <param name="Reliable">
/// Whether the quality is at least 50. If not, unrelated pictures look alike to PDQ, and only the exact file was looked up.
/// </param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
public sealed record CheckedImage(string Sha256, string? Pdq, int? Quality, bool Reliable, int? Width, int? Height);

/// <summary>A listing to publish.</summary>
public sealed record ListingRequest
{
    /// <summary><c>keyword</c>, <c>seller</c>, <c>image-pdq</c> or <c>image-sha256</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The keyword as people write it (the node makes it canonical), or 64 hexadecimal digits.</summary>
    public required string Value { get; init; }

    /// <summary>For a seller: the scheme of the tag, such as <c>voprf/tel/1</c>.</summary>
    public string? Scheme { get; init; }

    /// <summary>What it stands for: a code such as <c>ivory</c>.</summary>
    public required string Category { get; init; }

    /// <summary>Scientific name, or empty.</summary>
    public string Taxon { get; init; } = "";

    /// <summary>CITES appendix: I, II, III or empty.</summary>
    public string Cites { get; init; } = "";

    /// <summary><c>low</c>, <c>medium</c>, <c>high</c> or <c>critical</c>.</summary>
    public string Severity { get; init; } = "medium";

    /// <summary>0 to 100.</summary>
    public int Confidence { get; init; } = 80;

    /// <summary>What to suggest: <c>block</c>, <c>review</c> or <c>signal</c>.</summary>
    public string Action { get; init; } = "review";

    /// <summary>When it ends, in unix seconds; null: one year from now.</summary>
    public long? Expires { get; init; }

    /// <summary>ISO 3166-1 alpha-2 codes; empty: everywhere.</summary>
    public IReadOnlyList<string> Jurisdictions { get; init; } = [];

    /// <summary>Codes of legal exceptions to look at.</summary>
    public IReadOnlyList<string> Exceptions { get; init; } = [];

    /// <summary>Traffic Light Protocol label.</summary>
    public string Tlp { get; init; } = "amber";

    /// <summary>SHA-256 of the evidence kept at home, in hexadecimal, or null.</summary>
    public string? Evidence { get; init; }

    /// <summary>For a keyword: how to find it; null: by its script, without conditions.</summary>
    public KeywordRuleRequest? Context { get; init; }

    /// <summary>For a keyword that the lint refuses: the reason to publish it all the same.</summary>
    public string? OverrideLint { get; init; }

    /// <summary>In a request of its own: whether it goes before all that is not urgent; null: yes.</summary>
    public bool? Urgent { get; init; }
}

/// <summary>How to find a keyword.</summary>
/// <param name="Language">BCP 47 tag or empty.</param>
/// <param name="Match"><c>auto</c>, <c>word</c>, <c>substring</c> or <c>prefix</c>.</param>
/// <param name="AnyOf">At least one of these must stand near.</param>
/// <param name="AllOf">All of these must stand near.</param>
/// <param name="NoneOf">None of these may stand near.</param>
/// <param name="Window">How near, in characters; 0: anywhere.</param>
public sealed record KeywordRuleRequest(
    string Language = "",
    string Match = "auto",
    IReadOnlyList<string>? AnyOf = null,
    IReadOnlyList<string>? AllOf = null,
    IReadOnlyList<string>? NoneOf = null,
    int Window = 0);

/// <summary>Many listings at once, published together; at most <see cref="Limits.MaxAppendEntries"/>.</summary>
/// <param name="Listings">The listings.</param>
/// <param name="Urgent">
/// Whether they go before all that is not urgent, here and to the other members; null: if there are at most 16. More than
/// <see cref="Limits.MaxUrgentEntries"/> are never urgent.
/// </param>
public sealed record ListingBatch(IReadOnlyList<ListingRequest> Listings, bool? Urgent = null);

/// <summary>Takes back the own listing of an indicator.</summary>
/// <param name="IndicatorId">The indicator, in hexadecimal.</param>
/// <param name="Reason">Why, as a code.</param>
public sealed record WithdrawalRequest(string IndicatorId, string Reason = "error");

/// <summary>Has all that this member's open log says of an indicator erased, on every node. It cannot be taken back.</summary>
/// <param name="IndicatorId">The indicator, in hexadecimal.</param>
/// <param name="Reason">Why, as a code.</param>
public sealed record ErasureRequest(string IndicatorId, string Reason = "legal");

/// <summary>Confirms or disputes the listing of others.</summary>
/// <param name="IndicatorId">The indicator, in hexadecimal.</param>
/// <param name="Stance"><c>confirm</c>, <c>dispute</c> or <c>none</c>.</param>
/// <param name="Lister">Whose listing; empty: everybody's.</param>
/// <param name="Reason">Why, as a code.</param>
public sealed record OpinionRequest(string IndicatorId, string Stance, string Lister = "", string Reason = "other");

/// <summary>Where published entries stand. Given only when they are durable.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Index">Index of the first entry; null while it is deferred.</param>
/// <param name="Count">Number of entries.</param>
/// <param name="Repeated">Whether an earlier request with the same idempotency key had already done it.</param>
/// <param name="IndicatorIds">The indicators, in the order of the request.</param>
/// <param name="Deferred">
/// The entries are durable and count here, and get their places in the log once the node has heard from enough others
/// that it holds all of its own log.
/// </param>
public sealed record PublishResponse(
    string Origin, long? Index, int Count, bool Repeated, IReadOnlyList<string> IndicatorIds, bool Deferred = false);

/// <summary>An indicator in a list.</summary>
/// <param name="Id">Its id, in hexadecimal.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Scheme">How its value was made canonical.</param>
/// <param name="Value">The canonical keyword, or hexadecimal digits.</param>
/// <param name="Category">Category of the newest listing in force.</param>
/// <param name="Verdict">What the policy makes of a match now.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Listings">The newest statement of each member.</param>
/// <param name="Opinions">What others think of it.</param>
public sealed record IndicatorSummary(
    string Id,
    string Kind,
    string Scheme,
    string Value,
    string Category,
    string Verdict,
    string Reason,
    IReadOnlyList<ListingSummary> Listings,
    IReadOnlyList<OpinionSummary> Opinions);

/// <summary>A member's newest statement about an indicator.</summary>
/// <param name="Member">The member.</param>
/// <param name="State"><c>listed</c>, <c>withdrawn</c> or <c>expired</c>.</param>
/// <param name="Since">When it was issued, in unix seconds.</param>
/// <param name="Expires">When it ends, in unix seconds; null if withdrawn.</param>
/// <param name="Category">What it stands for; null if withdrawn.</param>
/// <param name="Taxon">Scientific name; null if withdrawn.</param>
/// <param name="Cites">CITES appendix; null if withdrawn.</param>
/// <param name="Severity">low to critical; null if withdrawn.</param>
/// <param name="Confidence">0 to 100; null if withdrawn.</param>
/// <param name="Action">What the member suggests; null if withdrawn.</param>
/// <param name="Reason">Why it was withdrawn, or null.</param>
/// <param name="Context">How the keyword is to be found; null for other kinds.</param>
/// <param name="Origin">The log.</param>
/// <param name="Index">The entry's index; 2^40 or more while it is deferred.</param>
/// <param name="Jurisdictions">ISO 3166-1 alpha-2 codes, empty: everywhere; null if withdrawn.</param>
/// <param name="Exceptions">Codes of legal exceptions to look at; null if withdrawn.</param>
/// <param name="Tlp">Traffic Light Protocol label; null if withdrawn.</param>
public sealed record ListingSummary(
    string Member,
    string State,
    long Since,
    long? Expires,
    string? Category,
    string? Taxon,
    string? Cites,
    string? Severity,
    int? Confidence,
    string? Action,
    string? Reason,
    KeywordRuleRequest? Context,
    string Origin,
    long Index,
    IReadOnlyList<string>? Jurisdictions = null,
    IReadOnlyList<string>? Exceptions = null,
    string? Tlp = null);

/// <summary>A member's opinion on others' listings.</summary>
/// <param name="Member">The member.</param>
/// <param name="Stance">
/// <c>confirm</c> or <c>dispute</c>; in changes and snapshots also <c>none</c>, which holds against an opinion on everybody.
/// </param>
/// <param name="Lister">Whose listing; empty: everybody's.</param>
/// <param name="Reason">Why, as a code.</param>
/// <param name="Since">When it was issued, in unix seconds.</param>
/// <param name="Origin">The log.</param>
/// <param name="Index">The entry's index.</param>
public sealed record OpinionSummary(
    string Member, string Stance, string Lister, string Reason, long Since, string Origin, long Index);

/// <summary>A page of indicators.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
/// <param name="Complete">Always true and always last: a broken-off answer lacks it.</param>
public sealed record IndicatorPage(
    IReadOnlyList<IndicatorSummary> Items,
    string? Next,
    [property: JsonPropertyOrder(int.MaxValue)] bool Complete = true);

/// <summary>An indicator with what proves every statement about it.</summary>
/// <param name="Indicator">The summary.</param>
/// <param name="Evidence">A signed document for each statement.</param>
/// <param name="Local">What only this member knows.</param>
public sealed record IndicatorDetail(
    IndicatorSummary Indicator, IReadOnlyList<EvidenceDocument> Evidence, LocalSummary Local);

/// <summary>One statement as a signed document: it can be verified with the origin's key and nothing else.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Index">Index of the entry.</param>
/// <param name="Leaf">The leaf, base64.</param>
/// <param name="Salt">The salt, base64, or null if erased.</param>
/// <param name="Payload">The payload, base64, or null if erased.</param>
/// <param name="Proof">Inclusion proof, hashes in base64.</param>
/// <param name="Checkpoint">The signed checkpoint, as text.</param>
/// <param name="Vkey">The log's verification key, by the roster.</param>
public sealed record EvidenceDocument(
    string Origin,
    long Index,
    string Leaf,
    string? Salt,
    string? Payload,
    IReadOnlyList<string> Proof,
    string Checkpoint,
    string Vkey);

/// <summary>What only this member knows of an indicator.</summary>
/// <param name="Note">The analysts' note.</param>
/// <param name="Hits">How often a check matched it.</param>
/// <param name="LastHit">When it last did, in unix seconds; 0 if never.</param>
public sealed record LocalSummary(string Note, long Hits, long LastHit);

/// <summary>Replaces the analysts' note of an indicator.</summary>
/// <param name="Note">The note, at most 2,000 characters; empty takes it away. It never leaves the node.</param>
public sealed record NoteRequest(string Note);

/// <summary>A page of changes.</summary>
/// <param name="Changes">What changed: what changed aside first, then in the order of each log.</param>
/// <param name="Roster">Whose word counts, where the cursor that was sent knew another roster; else null.</param>
/// <param name="ListVersion">Digest of the merged list, in hexadecimal, when the page was read.</param>
/// <param name="ListSize">Indicators with a listing in force.</param>
/// <param name="Cursor">Where to go on: positions in the logs, never a time.</param>
/// <param name="More">Whether more is there already.</param>
/// <param name="Count">Number of changes.</param>
/// <param name="Sha256">SHA-256 over the bytes of the page before <c>,"sha256":</c>, in hexadecimal.</param>
/// <param name="Complete">Always true and always last: a broken-off answer lacks it.</param>
public sealed record ChangesPage(
    IReadOnlyList<ChangeRow> Changes,
    RosterFacts? Roster,
    string ListVersion,
    long ListSize,
    string Cursor,
    bool More,
    int Count,
    [property: JsonPropertyOrder(int.MaxValue - 1)] string Sha256,
    [property: JsonPropertyOrder(int.MaxValue)] bool Complete = true);

/// <summary>Something that changed what the list says of an indicator.</summary>
/// <param name="Origin">The log; null of a change aside.</param>
/// <param name="Index">The entry's index; null of a change aside.</param>
/// <param name="Kind">The entry's kind, or <c>aside</c>.</param>
/// <param name="IndicatorId">The indicator, in hexadecimal; null if it is unknown or erased.</param>
/// <param name="Indicator">What the list now says of it; null if nothing.</param>
public sealed record ChangeRow(
    string? Origin, long? Index, string Kind, string? IndicatorId, IndicatorSummary? Indicator);

/// <summary>What of the roster matters to judge what members say.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Expires">When it should have been replaced, in unix seconds.</param>
/// <param name="Counts">The members whose word counts, sorted; nobody else's does.</param>
public sealed record RosterFacts(int Version, long Expires, IReadOnlyList<string> Counts);

/// <summary>The first line of a snapshot.</summary>
/// <param name="Format"><c>fednode-snapshot/1</c>.</param>
/// <param name="Coalition">The coalition.</param>
/// <param name="Member">The member whose node it is.</param>
/// <param name="Issued">When it was begun, in unix seconds.</param>
/// <param name="Cursor">Where to go on with the changes.</param>
/// <param name="Roster">Whose word counts.</param>
/// <param name="ListVersion">Digest of the merged list, in hexadecimal, when it was begun.</param>
/// <param name="ListSize">Indicators with a listing in force.</param>
/// <param name="Indicators">Indicators that anybody says something about.</param>
public sealed record SnapshotHeader(
    string Format,
    string Coalition,
    string Member,
    long Issued,
    string Cursor,
    RosterFacts Roster,
    string ListVersion,
    long ListSize,
    long Indicators);

/// <summary>The last line of a snapshot; without it the snapshot is broken off.</summary>
/// <param name="End">Always true.</param>
/// <param name="Count">Lines between the first and this.</param>
/// <param name="Sha256">SHA-256 over all bytes before this line, in hexadecimal.</param>
public sealed record SnapshotEnd(bool End, long Count, string Sha256);

/// <summary>What became of an item that matched.</summary>
/// <param name="IndicatorIds">The 1 to 100 indicators that it matched, in hexadecimal.</param>
/// <param name="Outcome">
/// <c>matched</c> or <c>blocked</c> by a copy of the list (what the node checked it counts by itself), <c>removed</c>,
/// <c>false-positive</c>, or <c>review</c>: a person should look at it.
/// </param>
/// <param name="ItemId">The caller's name for the item, at most 128 characters. It never leaves the node.</param>
/// <param name="Note">A person's words, at most 2,000 characters. They never leave the node.</param>
/// <param name="Count">How many items, 1 to 1,000,000; 1 for what a person is to look at.</param>
public sealed record FeedbackRequest(
    IReadOnlyList<string> IndicatorIds, string Outcome, string? ItemId = null, string Note = "", long Count = 1);

/// <summary>The feedback is durable.</summary>
/// <param name="Repeated">Whether the same with the same idempotency key had been taken before.</param>
/// <param name="Number">Its number in the queue; null if no person needs to look at it.</param>
public sealed record FeedbackResponse(bool Repeated, long? Number);

/// <summary>A page of the queue.</summary>
/// <param name="Items">The rows, the newest first.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
/// <param name="Complete">Always true and always last: a broken-off answer lacks it.</param>
public sealed record QueuePage(
    IReadOnlyList<QueueEntry> Items,
    string? Next,
    [property: JsonPropertyOrder(int.MaxValue)] bool Complete = true);

/// <summary>Something for a person to look at.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Outcome"><c>false-positive</c> or <c>review</c>.</param>
/// <param name="State"><c>open</c>, <c>resolved</c> or <c>dismissed</c>.</param>
/// <param name="IndicatorIds">The indicators, in hexadecimal.</param>
/// <param name="ItemId">The caller's name for the item.</param>
/// <param name="Note">A person's words.</param>
/// <param name="At">When it came, in unix seconds.</param>
public sealed record QueueEntry(
    long Number, string Outcome, string State, IReadOnlyList<string> IndicatorIds, string? ItemId, string Note, long At);

/// <summary>What a person decided about an item of the queue.</summary>
/// <param name="State"><c>open</c>, <c>resolved</c> or <c>dismissed</c>.</param>
public sealed record QueueDecision(string State);

/// <summary>How it goes with a webhook.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">Where batches are posted.</param>
/// <param name="Kinds">Only indicators of these kinds; empty: of all.</param>
/// <param name="Categories">Only indicators of these categories; empty: of all.</param>
/// <param name="LastDelivered">When a batch was taken last, in unix seconds; null: never.</param>
/// <param name="Failures">Attempts since then that failed.</param>
/// <param name="FailingSince">Since when the batch now under way fails, in unix seconds; null: it does not.</param>
/// <param name="LastError">What went wrong the last time; empty if nothing did since a batch was taken.</param>
/// <param name="DeadLetters">Batches that were given up, the oldest first; at most 100.</param>
/// <param name="MoreDeadLetters">How many were given up beyond those.</param>
public sealed record WebhookStatus(
    string Name,
    string Url,
    IReadOnlyList<string> Kinds,
    IReadOnlyList<string> Categories,
    long? LastDelivered,
    int Failures,
    long? FailingSince,
    string LastError,
    IReadOnlyList<DeadLetter> DeadLetters,
    long MoreDeadLetters);

/// <summary>A batch that a webhook did not take for too long.</summary>
/// <param name="At">When it was given up, in unix seconds.</param>
/// <param name="Count">Changes in it.</param>
/// <param name="Error">What went wrong the last time.</param>
public sealed record DeadLetter(long At, int Count, string Error);

/// <summary>A log that the node holds.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries up to the newest signed checkpoint.</param>
/// <param name="Root">Root over them, base64.</param>
/// <param name="Vkey">The log's verification key.</param>
/// <param name="Held">Entries held in all, the last ones perhaps not yet under a checkpoint.</param>
/// <param name="FrozenAt">Entries that count since a fork of the log was proven; null if none was.</param>
/// <param name="OutlinedTo">
/// Where the log's outline ends, while its history is being fetched behind it: below this the list has what counts. Null
/// if there is none.
/// </param>
public sealed record LogRow(
    string Origin, long Size, string Root, string Vkey, long Held, long? FrozenAt, long? OutlinedTo = null);

/// <summary>How the node is doing.</summary>
/// <param name="Coalition">The coalition.</param>
/// <param name="Member">The member whose node it is.</param>
/// <param name="Running">Always true over the API; <c>fednode status</c> of a stopped node says false.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="Storage">Which database.</param>
/// <param name="RosterVersion">The roster in force; 0: none yet.</param>
/// <param name="RosterExpires">When that roster expires, in unix seconds.</param>
/// <param name="Ready">Whether the list is loaded and the node answers with it.</param>
/// <param name="Indicators">Indicators with a listing in force.</param>
/// <param name="ViewDigest">
/// Digest of the merged list, in hexadecimal; while the node is not ready, of the list as it was some time ago.
/// </param>
/// <param name="Peers">The links to the others.</param>
/// <param name="Traffic">What was asked of them.</param>
/// <param name="Holders">How the holders of keys for seller tags have answered.</param>
/// <param name="Logs">The logs held.</param>
/// <param name="Alarms">What needs a person, in words; empty when all is well.</param>
/// <param name="Erasures">Orders to erase that this node has applied and not yet carried out; usually none.</param>
public sealed record NodeStatus(
    string Coalition,
    string Member,
    bool Running,
    string Version,
    string Storage,
    int RosterVersion,
    long RosterExpires,
    bool Ready,
    long Indicators,
    string ViewDigest,
    IReadOnlyList<PeerRow> Peers,
    IReadOnlyList<TrafficRow> Traffic,
    IReadOnlyList<HolderRow> Holders,
    IReadOnlyList<LogRow> Logs,
    IReadOnlyList<string> Alarms,
    IReadOnlyList<ErasureRow> Erasures);

/// <summary>What one log orders to erase and this node has not yet carried out.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Orders">Number of orders.</param>
/// <param name="First">Index of the first of these erase entries.</param>
/// <param name="Since">When this run of the node first came upon it, in unix seconds.</param>
/// <param name="Error">Why it could not be carried out when it was last tried; null if it was not tried yet.</param>
public sealed record ErasureRow(string Origin, long Orders, long First, long Since, string? Error);

/// <summary>The link to one peer.</summary>
/// <param name="Member">The peer.</param>
/// <param name="Endpoint">Its address, or empty if it only dials.</param>
/// <param name="Reachable">Whether the last exchange worked.</param>
/// <param name="LastContactSecondsAgo">Seconds since an exchange worked; null if none did.</param>
/// <param name="Failures">Failed exchanges since.</param>
/// <param name="LastError">What went wrong last, or null.</param>
/// <param name="TextTables">
/// <c>same</c>, <c>other</c>, <c>none</c> (it says nothing of <c>wlnorm/1</c>), <c>malformed</c>; null before the first exchange.
/// </param>
/// <param name="TextTablesHash">The hash of its text tables that the peer named, or null.</param>
public sealed record PeerRow(
    string Member,
    string Endpoint,
    bool Reachable,
    double? LastContactSecondsAgo,
    int Failures,
    string? LastError,
    string? TextTables = null,
    string? TextTablesHash = null);

/// <summary>What a node has asked of all its peers together since it started.</summary>
/// <param name="Route">The route of the peer protocol.</param>
/// <param name="Requests">Requests, failed ones included.</param>
/// <param name="BytesSent">Bodies of the requests.</param>
/// <param name="BytesReceived">Bodies of good answers.</param>
public sealed record TrafficRow(string Route, long Requests, long BytesSent, long BytesReceived);

/// <summary>What a holder says in its log that it evaluated for a member under one key on one day.</summary>
/// <param name="Day">The day of UTC, <c>yyyy-MM-dd</c>.</param>
/// <param name="Holder">Who says it.</param>
/// <param name="Member">Who asked.</param>
/// <param name="Type">The identifier type of the key.</param>
/// <param name="Epoch">The epoch of the key.</param>
/// <param name="Evaluated">Elements that were evaluated.</param>
/// <param name="Refused">Elements that were refused, for they went beyond the member's quota.</param>
/// <param name="Origin">The log that says so.</param>
/// <param name="Index">The entry.</param>
public sealed record EvaluationRow(
    string Day, string Holder, string Member, string Type, int Epoch, long Evaluated, long Refused, string Origin, long Index);

/// <summary>How a holder of keys for seller tags has answered this node since it started.</summary>
/// <param name="Holder">The member.</param>
/// <param name="Answered">Batches that it answered well.</param>
/// <param name="Failed">Batches that it refused, or did not answer at all.</param>
/// <param name="Wrong">Batches to which its answer did not hold for its share.</param>
/// <param name="Slow">Batches for which another was asked beside it.</param>
/// <param name="LastError">What went wrong last, or null if its last answer was good.</param>
public sealed record HolderRow(string Holder, long Answered, long Failed, long Wrong, long Slow, string? LastError);

/// <summary>The roster in force.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Note">The signed document, as text.</param>
public sealed record RosterView(int Version, string Note);

/// <summary>The next roster document, to be published at the secretariat.</summary>
/// <param name="Note">The signed document, as text.</param>
public sealed record RosterRequest(string Note);

/// <summary>What the probe of the process answers.</summary>
/// <param name="Status"><c>up</c>.</param>
public sealed record ProbeResponse(string Status);

/// <summary>What the probe of the list answers when it is there.</summary>
/// <param name="Status"><c>ready</c>.</param>
/// <param name="Detail">Which stored rows are damaged, so that the list may lack something; null if none is.</param>
public sealed record ReadyResponse(string Status, string? Detail);

/// <summary>Blinded seller identifiers to evaluate.</summary>
/// <param name="Type">The identifier type.</param>
/// <param name="Epoch">The key's epoch.</param>
/// <param name="Blinded">1 to 4,000 points, base64.</param>
public sealed record SellerEvaluateRequest(string Type, int Epoch, IReadOnlyList<string> Blinded);

/// <summary>Evaluated points. The node has checked each holder's proof.</summary>
/// <param name="Evaluated">One for each, base64: what the whole key gives.</param>
/// <param name="PublicKey">The key that the roster names for the type and epoch, in hexadecimal.</param>
/// <param name="Holders">The members whose shares made it.</param>
public sealed record SellerEvaluateResponse(
    IReadOnlyList<string> Evaluated, string PublicKey, IReadOnlyList<string> Holders);

/// <summary>Raw identifiers to tag. They must not leave the company: only the node on this machine gets them.</summary>
/// <param name="Items">1 to 1,000 identifiers.</param>
/// <param name="Epoch">The epoch of the keys, from 1; null: every epoch that counts.</param>
public sealed record SellerTagsRequest(IReadOnlyList<RawSellerItem> Items, int? Epoch = null);

/// <summary>The keys for seller tags that the roster names.</summary>
/// <param name="Keys">By type, the newest epoch first.</param>
public sealed record SellerKeysResponse(IReadOnlyList<SellerKeyView> Keys);

/// <summary>A key for seller tags.</summary>
/// <param name="Type">The identifier type.</param>
/// <param name="Epoch">From 1.</param>
/// <param name="Until">When its tags count no more, in unix seconds; null: not said.</param>
/// <param name="Counts">Whether they count now.</param>
public sealed record SellerKeyView(string Type, int Epoch, long? Until, bool Counts);

/// <summary>Own listings of sellers to go on under a later epoch of the keys: tags only, no identifiers.</summary>
/// <param name="Items">1 to 1,000 sellers.</param>
/// <param name="DryRun">Say what would be done, and publish nothing.</param>
public sealed record SellerRetagRequest(IReadOnlyList<SellerRetagItem> Items, bool DryRun = false);

/// <summary>A seller, by its tags of two epochs.</summary>
/// <param name="From">The scheme of the older tag, such as <c>voprf/tel/1</c>.</param>
/// <param name="Tag">The older tag, in hexadecimal.</param>
/// <param name="To">The scheme of the newer one: the same type, a later epoch.</param>
/// <param name="NewTag">The newer tag, in hexadecimal.</param>
public sealed record SellerRetagItem(string From, string Tag, string To, string NewTag);

/// <summary>What became of each seller.</summary>
/// <param name="Items">
/// In the order of the request: <c>retagged</c>, <c>already</c> (this member lists the newer tag) or <c>not-listed</c> (it has
/// no listing in force of the older one).
/// </param>
public sealed record SellerRetagResponse(IReadOnlyList<string> Items)
{
    /// <summary>A new listing was published, or would be.</summary>
    public const string Retagged = "retagged";

    /// <summary>This member lists the newer tag.</summary>
    public const string Already = "already";

    /// <summary>This member has no listing in force of the older tag.</summary>
    public const string NotListed = "not-listed";
}

/// <summary>One identifier as the company has it on record.</summary>
/// <param name="Type">The identifier type, such as <c>tel</c>.</param>
/// <param name="Value">The identifier, at most 2,048 UTF-16 code units.</param>
/// <param name="Region">
/// The region of the account, ISO 3166-1 alpha-2: for telephone numbers that do not begin with '+'.
/// </param>
/// <param name="Id">The caller's own name for the item, handed back; at most 128 characters.</param>
public sealed record RawSellerItem(string Type, string Value, string? Region = null, string? Id = null)
{
    /// <summary>The type only: logs and exceptions print objects, and the identifier must not get there.</summary>
    public override string ToString() => $"({Type})";
}

/// <summary>Tags, in the order of the items.</summary>
/// <param name="Items">One for each item.</param>
public sealed record SellerTagsResponse(IReadOnlyList<SellerTagsItem> Items);

/// <summary>The tags of one identifier, or why it has none.</summary>
/// <param name="Id">The caller's name for it.</param>
/// <param name="Tags">
/// Its tag; for an address of the form number@qq.com also that of the QQ number, if the coalition has tags of these.
/// </param>
/// <param name="Error"><c>invalid</c>, <c>not-canonical</c> or <c>unknown-seller-key</c>; null if there are tags.</param>
public sealed record SellerTagsItem(string? Id, IReadOnlyList<SellerTagView> Tags, ApiProblem? Error);

/// <summary>A tag, as it goes into a check or a listing.</summary>
/// <param name="Scheme">Which key made it, <c>voprf/&lt;type&gt;/&lt;epoch&gt;</c>.</param>
/// <param name="Tag">64 lower-case hexadecimal digits.</param>
public sealed record SellerTagView(string Scheme, string Tag);
