using System.Text.Json.Serialization;

namespace FederationNode.Matching.Policy.Settings;

/// <summary>The file <c>policy.json</c> as it is written: README.md lists the settings. What is left out has its default.</summary>
internal sealed record PolicyDocument
{
    /// <summary>Rules by kind of indicator.</summary>
    public Dictionary<string, RuleSettings> Kinds { get; init; } = [];

    /// <summary>Members whose listing alone is enough.</summary>
    public List<string> Trusted { get; init; } = [];

    /// <summary>Members that are not heard.</summary>
    public List<string> Muted { get; init; } = [];

    /// <summary>What disputes do.</summary>
    public DisputeSettings Disputes { get; init; } = new();

    /// <summary>What never counts.</summary>
    public AllowSettings Allow { get; init; } = new();

    /// <summary>How much a member may add at a time; left out: as much as it likes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FloodSettings? Flood { get; init; }

    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public string WhenStale { get; init; } = "open";

    /// <summary>A recorded sample of normal texts; left out: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SampleSettings? Sample { get; init; }
}

/// <summary>A rule of a kind or category. What is left out is as in the rule that it refines.</summary>
internal sealed record RuleSettings
{
    /// <summary>Members that must suggest blocking.</summary>
    public int? BlockAt { get; init; }

    /// <summary>Members that must suggest at least a review.</summary>
    public int? ReviewAt { get; init; }

    /// <summary>Least confidence.</summary>
    public int? MinConfidence { get; init; }

    /// <summary>Greatest age of a listing in days; 0: any.</summary>
    public int? MaxAgeDays { get; init; }

    /// <summary>The gravest verdict of a keyword that the text hides, by how it does; of keywords only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, string>? Evasions { get; init; }

    /// <summary>Rules of categories of this kind.</summary>
    public Dictionary<string, RuleSettings> Categories { get; init; } = [];
}

/// <summary>What disputes do.</summary>
internal sealed record DisputeSettings
{
    /// <summary>Members that must dispute.</summary>
    public int Members { get; init; } = 1;

    /// <summary>What they lower a verdict to.</summary>
    public string LowerTo { get; init; } = "review";

    /// <summary>What the own dispute lowers it to.</summary>
    public string Own { get; init; } = "signal";
}

/// <summary>What never counts.</summary>
internal sealed record AllowSettings
{
    /// <summary>Ids of indicators.</summary>
    public List<string> Ids { get; init; } = [];

    /// <summary>Values by kind.</summary>
    public Dictionary<string, List<string>> Values { get; init; } = [];

    /// <summary>Phrases within which a keyword does not count.</summary>
    public List<string> Phrases { get; init; } = [];

    /// <summary>A file of own verified sellers' tags, one a line; empty: none.</summary>
    public string VerifiedSellers { get; init; } = "";
}

/// <summary>How much a member may add at a time.</summary>
internal sealed record FloodSettings
{
    /// <summary>Entries.</summary>
    public int Entries { get; init; }

    /// <summary>Within so many hours.</summary>
    public int Hours { get; init; } = 24;

    /// <summary>Hours after which a quarantine ends; 0: never by itself.</summary>
    public int HoldHours { get; init; }

    /// <summary>Members that an operator let go.</summary>
    public List<string> Released { get; init; } = [];
}

/// <summary>A recorded sample of normal texts.</summary>
internal sealed record SampleSettings
{
    /// <summary>The file, CSV or one text a line.</summary>
    public string Path { get; init; } = "";

    /// <summary>The column of a CSV file with the texts.</summary>
    public string Column { get; init; } = "";

    /// <summary>The part of the texts that a new keyword may hit, above 0, at most 1.</summary>
    public double MaxHitRate { get; init; } = 0.005;
}
