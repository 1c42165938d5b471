namespace FederationNode.Protocol.Text;

/// <summary>What a peer's statement about its text tables comes to.</summary>
public enum TablesVerdict
{
    /// <summary>It says nothing of this scheme: an older program, or another's.</summary>
    NotTold,

    /// <summary>It has the same tables.</summary>
    Same,

    /// <summary>It has other tables under the same name: it finds other keywords, and gives them other ids.</summary>
    Other,

    /// <summary>What it says cannot be read.</summary>
    Malformed,
}
