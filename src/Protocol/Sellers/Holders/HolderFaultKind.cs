namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>What is wrong with a holder's answer.</summary>
public enum HolderFaultKind
{
    /// <summary>It has not as many elements as were asked for.</summary>
    WrongCount,

    /// <summary>An element is no canonical encoding of a point, or the identity.</summary>
    BadElement,

    /// <summary>The proof is not 64 bytes of two canonical scalars.</summary>
    MalformedProof,

    /// <summary>
    /// The proof does not hold: the holder used something else than its published share, or another answer was put in.
    /// </summary>
    WrongProof,
}
