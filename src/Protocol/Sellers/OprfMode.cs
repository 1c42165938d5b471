namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The modes of RFC 9497 section 3 that are used here, with their wire numbers. Mode 2 (partially oblivious) is
/// left out: a tag has no public part that would vary from call to call; type and epoch choose the key instead.
/// </summary>
public enum OprfMode
{
    /// <summary>OPRF: no proof that the right key was used. For conformance tests; tags never use it.</summary>
    Base = 0,

    /// <summary>VOPRF: every evaluation carries a proof that it used the published key. Tags use this mode.</summary>
    Verifiable = 1,
}
