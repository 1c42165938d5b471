using System.Text.Json.Serialization;

namespace FederationNode.Audit.Report;

/// <summary>How much a finding weighs. The heaviest one decides the verdict.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
public enum Severity
{
    /// <summary>Worth knowing, nothing wrong.</summary>
    Info,

    /// <summary>Nothing proves a fault, but a person should look at it. Does not change the verdict.</summary>
    Warning,

    /// <summary>Something that should have been audited could not be.</summary>
    Gap,

    /// <summary>A rule of the protocol is broken.</summary>
    Fault,
}

/// <summary>One thing that the audit found.</summary>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Kind">What it is: one of <see cref="FindingKind"/>.</param>
/// <param name="Origin">The log, or empty if it concerns none.</param>
/// <param name="Index">The entry, or the first entry that the thing covers; null if it concerns no entry.</param>
/// <param name="Explanation">What was found and what follows from it, in words.</param>
/// <param name="Source">The copy of the log in which it was found, or empty.</param>
/// <param name="Evidence">Signed notes that prove it to others, one after the other, or null.</param>
public sealed record Finding(
    Severity Severity,
    string Kind,
    string Origin,
    long? Index,
    string Explanation,
    string Source = "",
    string? Evidence = null);
