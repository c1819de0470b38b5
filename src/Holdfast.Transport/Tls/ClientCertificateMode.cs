namespace Holdfast.Transport.Tls;

/// <summary>Whether a listener asks clients for certificates.</summary>
public enum ClientCertificateMode
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They may show one, or other credentials.</summary>
    Optional,

    /// <summary>Without one the handshake fails.</summary>
    Required,
}
