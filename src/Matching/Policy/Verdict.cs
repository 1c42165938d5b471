namespace FederationNode.Matching.Policy;

/// <summary>What is to be done with an item, the mildest first.</summary>
public enum Verdict
{
    /// <summary>Nothing on the list speaks against it.</summary>
    None,

    /// <summary>Worth knowing; no action.</summary>
    Signal,

    /// <summary>A person should look at it before it goes on sale.</summary>
    Review,

    /// <summary>Do not let it go on sale.</summary>
    Block,
}

/// <summary>Verdicts as the API, the CLI and policy files write them.</summary>
public static class VerdictText
{
    /// <summary>The verdict in lower case.</summary>
    public static string ToText(this Verdict verdict) => verdict switch
    {
        Verdict.Block => "block",
        Verdict.Review => "review",
        Verdict.Signal => "signal",
        _ => "none",
    };

    /// <summary>Reads a suggested action; anything that is not one is <see cref="Verdict.None"/>.</summary>
    public static Verdict FromAction(string action) => action switch
    {
        "block" => Verdict.Block,
        "review" => Verdict.Review,
        "signal" => Verdict.Signal,
        _ => Verdict.None,
    };
}
