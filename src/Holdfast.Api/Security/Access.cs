namespace Holdfast.Api.Security;

/// <summary>Who may use an endpoint.</summary>
internal enum Access
{
    /// <summary>Who may manage all products: the administrator's token, or a token of all products with the scope <c>manage</c>.</summary>
    Administrator,

    /// <summary>Publishing events: the scope <c>publish</c>; a device, on its own topics; also anonymous callers where they are allowed, for the product <c>default</c>.</summary>
    Publish,

    /// <summary>Calling devices: the scope <c>publish</c>; also anonymous callers where they are allowed, for the product <c>default</c>. No device calls another.</summary>
    Call,

    /// <summary>Reading events: the scope <c>read</c> or <c>subscribe</c>; also anonymous callers where they are allowed, for the product <c>default</c>.</summary>
    Events,

    /// <summary>Looking at what a product has: the scope <c>read</c> or <c>manage</c>.</summary>
    Read,

    /// <summary>Changing what a product has: the scope <c>manage</c>.</summary>
    Manage,

    /// <summary>Anybody with a token; what is answered depends on it.</summary>
    AnyToken,

    /// <summary>Also callers on this machine; else as <see cref="Administrator"/>, or a token of all products with the scope <c>read</c>.</summary>
    Local,
}
